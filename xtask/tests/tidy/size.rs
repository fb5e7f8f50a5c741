//! No file grows without bound. Those that are too long already are listed with a reason in
//! `xtask/tidy-exceptions.txt`, whose numbers may only go down.

use std::collections::BTreeMap;

use crate::files::{File, files};

/// At most so many lines in a source file.
const LINES_MAX: usize = 800;

const EXCEPTIONS: &str = "xtask/tidy-exceptions.txt";

#[test]
fn no_file_is_longer_than_agreed() {
    let files = files();
    let exceptions = files.iter().find(|file| file.path == EXCEPTIONS).expect(EXCEPTIONS);
    let complaints = complaints(&files, &exceptions.text);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What is wrong with the lengths of `files` and with the list of exceptions.
fn complaints(files: &[File], exceptions: &str) -> Vec<String> {
    let mut agreed = BTreeMap::new();
    let mut complaints = Vec::new();
    for line in exceptions.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match parse(line) {
            Some((path, lines)) => drop(agreed.insert(path.to_owned(), lines)),
            None => complaints.push(format!("{EXCEPTIONS}: `{line}` is not `path lines : reason`")),
        }
    }
    for file in files.iter().filter(|file| file.is("rs") || file.is("py") || file.is("sh")) {
        let lines = file.text.lines().count();
        let complaint = match agreed.remove(&file.path) {
            None if lines > LINES_MAX => format!("{lines} lines, {LINES_MAX} at most: split it"),
            Some(max) if lines > max => format!("{lines} lines, and it may only shrink from {max}"),
            Some(_) if lines <= LINES_MAX => format!("good: take it off {EXCEPTIONS}"),
            Some(max) if lines < max => format!("good: write {lines} into {EXCEPTIONS}"),
            _ => continue,
        };
        complaints.push(format!("{}: {complaint}", file.path));
    }
    complaints.extend(agreed.into_keys().map(|path| format!("{EXCEPTIONS}: {path} is gone")));
    complaints
}

fn parse(line: &str) -> Option<(&str, usize)> {
    let (entry, reason) = line.split_once(" : ")?;
    let (path, lines) = entry.trim().split_once(' ')?;
    if reason.trim().is_empty() { None } else { Some((path, lines.trim().parse().ok()?)) }
}

#[test]
fn a_long_file_may_only_shrink() {
    let long = |lines: usize| [File { path: "a.rs".to_owned(), text: "x\n".repeat(lines) }];
    let told = |lines, exceptions| complaints(&long(lines), exceptions).len();
    assert_eq!(told(800, ""), 0);
    assert_eq!(told(801, ""), 1);
    assert_eq!(told(900, "# why not\na.rs 900 : a table\n"), 0);
    assert_eq!(told(901, "a.rs 900 : a table"), 1, "grew");
    assert_eq!(told(899, "a.rs 900 : a table"), 1, "shrank");
    assert_eq!(told(800, "a.rs 900 : a table"), 1, "needs no exception any more");
    assert_eq!(told(1, "b.rs 900 : a table"), 1, "is gone");
    assert_eq!(told(900, "a.rs 900"), 2, "no reason");
}

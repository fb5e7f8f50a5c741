//! What STYLE.md asks for and no lint knows. Each rule looks at one file and complains in lines of
//! the form `path:line: what is wrong: what to do instead`. Each rule has been seen to complain: beside
//! it stands a test with a file that breaks it.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

mod claims;
mod files;
mod links;
mod naming;
mod rust;
mod size;
mod wording;

use files::{File, files};

/// Fails with the complaints of `rule` about any file of the repository.
#[track_caller]
fn hold(rule: impl Fn(&File) -> Vec<String>) {
    let files = files();
    assert!(files.len() > 20, "only {} files found: the search for files is broken", files.len());
    let complaints: Vec<_> = files.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "{} complaints\n{}\n", complaints.len(), complaints.join("\n"));
}

/// Fails unless `rule` finds as many faults in a file at `path` with these contents.
#[track_caller]
fn finds(rule: impl Fn(&File) -> Vec<String>, faults: usize, path: &str, text: &str) {
    let complaints = rule(&File { path: path.to_owned(), text: text.to_owned() });
    assert_eq!(complaints.len(), faults, "{path}: {complaints:?}");
}

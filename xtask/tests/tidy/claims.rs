//! What the README promises is tested: each row of its table "What is promised" names the tests that
//! hold it, and they are there.

use std::collections::BTreeSet;

use crate::files::{File, files};

#[test]
fn every_promise_of_the_readme_names_a_test_that_exists() {
    let files = files();
    let readme = files.iter().find(|file| file.path == "README.md");
    let readme = readme.expect("README.md: write it, with a table \"What is promised\"");
    let complaints = complaints(&readme.text, &tests(&files));
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What is wrong with the table, given the names of all tests.
fn complaints(readme: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let section = readme.split("\n## What is promised\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    // The first two lines of a table are its head and the rule below it.
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    if rows.is_empty() {
        return vec!["README.md: no table below the heading \"What is promised\"".to_owned()];
    }
    let mut complaints = Vec::new();
    for row in rows {
        let named = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            complaints.push(format!("README.md: `{row}` names no test in its last column"));
        }
        for name in named.into_iter().filter(|name| !tests.contains(*name)) {
            complaints.push(format!("README.md: there is no test `{name}`"));
        }
    }
    complaints
}

/// Every test function of Rust and Python, and every script by its path.
fn tests(files: &[File]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        if file.path.starts_with("testdata/") && file.is("txt") {
            names.insert(file.path.clone());
        }
        let keyword = match () {
            () if file.is_rust_test() => "fn ",
            () if file.is_python_test() => "def test_",
            () => continue,
        };
        for line in file.text.lines().filter_map(|line| line.trim_start().strip_prefix(keyword)) {
            let name: String =
                line.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
            names.insert(if keyword == "fn " { name } else { format!("test_{name}") });
        }
    }
    names
}

#[test]
fn a_promise_without_a_test_is_told() {
    let rust = "#[test]\nfn nothing_acknowledged_is_lost() {\n";
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let tests = tests(&[
        file("crates/log/tests/crash.rs", rust),
        file("blackbox/test_kill.py", "def test_a_kill_loses_nothing(server):\n"),
        file("testdata/redis/strings.txt", ""),
    ]);
    let readme = |rows: &str| {
        format!("# G\n\n## What is promised\n\n| a | b |\n|---|---|\n{rows}\n## Next\n| x |\n")
    };
    let told = |rows: &str| complaints(&readme(rows), &tests).len();
    let all =
        "`nothing_acknowledged_is_lost`, `test_a_kill_loses_nothing`, `testdata/redis/strings.txt`";
    assert_eq!(told(&format!("| Durable | {all} |\n")), 0);
    assert_eq!(told("| Durable | |\n| Fast | `it_is_fast` |\n"), 2);
    assert_eq!(told(""), 1, "an empty table promises nothing");
}

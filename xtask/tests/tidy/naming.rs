//! What files are called, and what lies in the root folder.

use std::collections::BTreeSet;

use crate::files::{File, paths};
use crate::{finds, hold};

/// What a newcomer expects to find in the root folder.
const ROOT: [&str; 22] = [
    ".cargo",
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "STYLE.md",
    "bench",
    "blackbox",
    "clippy.toml",
    "crates",
    "docs",
    "examples",
    "fuzz",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "sim",
    "testdata",
    "xtask",
];

#[test]
fn the_root_folder_holds_what_a_newcomer_expects() {
    let found: BTreeSet<_> =
        paths().iter().filter_map(|path| path.split('/').next().map(str::to_owned)).collect();
    let strange: Vec<_> = found.iter().filter(|name| !ROOT.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "notes go to docs/, chores to xtask/: {strange:?}");
    assert!(found.contains("Cargo.toml"), "the search for files is broken");
}

fn empty_names(file: &File) -> Vec<String> {
    let words =
        ["manager", "helper", "util", "common", "misc", "impl", "processor", "new", "old", "v2"];
    if !file.is("rs") && !file.is("py") {
        return Vec::new();
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let is_empty =
        |word: &str| words.contains(&word) || words.contains(&word.trim_end_matches('s'));
    if stem.split(['_', '-']).any(is_empty) {
        return vec![format!("{}: says nothing: name it for the thing that it holds", file.path)];
    }
    Vec::new()
}

#[test]
fn files_are_named_for_what_they_hold() {
    hold(empty_names);
    finds(empty_names, 1, "crates/a/src/utils.rs", "");
    finds(empty_names, 1, "crates/a/src/lock_manager.rs", "");
    finds(empty_names, 1, "blackbox/helpers.py", "");
    finds(empty_names, 0, "crates/a/src/high_water.rs", "");
    finds(empty_names, 0, "crates/a/src/renewal.rs", "");
}

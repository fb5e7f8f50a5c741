//! What Rust and Python sources are made of, beyond what clippy sees.

use crate::files::File;
use crate::{finds, hold};

/// At most so many lines of `//!` at the head of a module.
const MODULE_DOC_LINES_MAX: usize = 25;

fn tests_that_do_not_count(file: &File) -> Vec<String> {
    let marks: &[&str] = if file.is("rs") {
        &[concat!("#[igno", "re"), concat!("#[should_", "panic")]
    } else if file.is("py") {
        &[concat!("mark.sk", "ip("), concat!("mark.xf", "ail")]
    } else {
        &[]
    };
    let advice = "a test runs and asserts: repair or remove one that is ignored, and compare the error \
                  instead of expecting a panic";
    file.complain(advice, |line| marks.iter().any(|mark| line.contains(mark)))
}

#[test]
fn every_test_runs_and_asserts() {
    hold(tests_that_do_not_count);
    finds(
        tests_that_do_not_count,
        1,
        "a.rs",
        concat!("#[test]\n#[igno", "re = \"slow\"]\nfn x() {}\n"),
    );
    finds(
        tests_that_do_not_count,
        1,
        "a.py",
        concat!("@pytest.mark.xf", "ail\ndef test_x(): pass\n"),
    );
    finds(tests_that_do_not_count, 0, "a.py", "@pytest.mark.skipif(no_node, reason=REASON)\n");
}

fn sleeping_for_luck(file: &File) -> Vec<String> {
    let marks: &[&str] = if file.is_rust_test() {
        &[concat!("thread::sl", "eep("), concat!("time::sl", "eep(")]
    } else if file.is_python_test() {
        &[concat!("time.sl", "eep(")]
    } else {
        &[]
    };
    let advice =
        "no sleeping for luck: wait on a condition with a deadline, or move a simulated clock";
    file.complain(advice, |line| marks.iter().any(|mark| line.contains(mark)))
}

#[test]
fn tests_wait_on_conditions() {
    hold(sleeping_for_luck);
    finds(
        sleeping_for_luck,
        1,
        "crates/a/src/b/tests.rs",
        concat!("std::thread::sl", "eep(TENTH);\n"),
    );
    finds(
        sleeping_for_luck,
        1,
        "crates/a/tests/b.rs",
        concat!("tokio::time::sl", "eep(TENTH).await;\n"),
    );
    finds(sleeping_for_luck, 1, "blackbox/test_a.py", concat!("time.sl", "eep(0.1)\n"));
    finds(sleeping_for_luck, 0, "crates/a/src/b.rs", concat!("thread::sl", "eep(PAUSE);\n"));
}

fn tests_inside_the_source(file: &File) -> Vec<String> {
    if !file.is("rs") || file.is_rust_test() {
        return Vec::new();
    }
    let advice = "tests stand beside the source: put them into a file `tests.rs` in a folder named for \
                  this one";
    file.complain(advice, |line| {
        let line = line.trim_start();
        line.starts_with("#[test]") || line.starts_with("mod tests {")
    })
}

#[test]
fn tests_stand_beside_the_source() {
    hold(tests_inside_the_source);
    finds(
        tests_inside_the_source,
        2,
        "crates/a/src/b.rs",
        "mod tests {\n    #[test]\n    fn c() {}\n}\n",
    );
    finds(tests_inside_the_source, 0, "crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\n");
    finds(tests_inside_the_source, 0, "crates/a/src/b/tests.rs", "#[test]\nfn c() {}\n");
}

fn silent_modules(file: &File) -> Vec<String> {
    let is_unit_test = file.path.contains("/src/") && file.is_rust_test();
    let opening = match () {
        () if file.text.is_empty() || is_unit_test => return Vec::new(),
        () if file.is("rs") => "//! ",
        () if file.is("py") => "\"\"\"",
        () => return Vec::new(),
    };
    if !file.text.starts_with(opening) {
        let what = "begin by saying what it is, what it does not know, and what always holds";
        return vec![format!("{}:1: {what}, after `{}`", file.path, opening.trim_end())];
    }
    let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
    if lines > MODULE_DOC_LINES_MAX {
        let advice = format!(
            "{lines} lines of `//!`: {MODULE_DOC_LINES_MAX} at most, the rest beside the items or in docs/"
        );
        return vec![format!("{}:1: {advice}", file.path)];
    }
    Vec::new()
}

#[test]
fn every_module_begins_by_saying_what_it_is() {
    hold(silent_modules);
    finds(silent_modules, 1, "crates/a/src/b.rs", "use std::fmt;\n//! Late.\n");
    finds(silent_modules, 1, "blackbox/b.py", "import os\n");
    finds(silent_modules, 1, "crates/a/src/b.rs", &"//! More.\n".repeat(26));
    finds(silent_modules, 0, "crates/a/src/b/tests.rs", "use super::*;\n");
    finds(silent_modules, 0, "crates/a/src/b.rs", "//! Short.\n");
}

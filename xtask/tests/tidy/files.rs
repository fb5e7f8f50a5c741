//! The files of the repository: those that git knows or would add, and that are text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of text.
pub(crate) struct File {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Rust that is compiled for tests only: `tests.rs`, and all below a folder `tests`.
    pub(crate) fn is_rust_test(&self) -> bool {
        self.is("rs") && (self.path.contains("/tests/") || self.path.ends_with("/tests.rs"))
    }

    /// Python that pytest collects.
    pub(crate) fn is_python_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.is("py") && (name.starts_with("test_") || name == "conftest.py")
    }

    /// One complaint for each line that `is_wrong`.
    pub(crate) fn complain(&self, advice: &str, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        // Not `lines()`, which hides a carriage return.
        let numbered = (1..).zip(self.text.split('\n'));
        let wrong = numbered.filter(|(_, line)| is_wrong(line));
        wrong.map(|(number, _)| format!("{}:{number}: {advice}", self.path)).collect()
    }
}

/// All of them, in order of path.
pub(crate) fn files() -> Vec<File> {
    let mut files = Vec::new();
    for path in paths() {
        match fs::read(root().join(&path)).map(String::from_utf8) {
            Ok(Ok(text)) => files.push(File { path, text }),
            Ok(Err(_)) => {} // not text
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {} // about to be removed
            Err(error) => panic!("{path}: {error}"),
        }
    }
    files
}

/// Their paths, those of other kinds of files too.
pub(crate) fn paths() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names of files are UTF-8");
    let mut paths: Vec<_> = text.split_terminator('\0').map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

//! Bugs planted in the rules and probes of the doctor: whether its tests find them.
//!
//! `crates/doctor/planted.tsv` has a bug on each line: id of the check, file below `src`, what stands there once, what is put in its
//! place, and of what kind it is. All are planted at once in a copy of the crate, whose tests then run once: for each bug a test of
//! its own file must fail, or a recording of its check must be judged otherwise.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, root};

/// So many there must be, and all must be found.
const BUGS_MIN: usize = 20;

struct Bug {
    id: String,
    file: String,
    old: String,
    new: String,
    kind: String,
}

/// Plants them all, and counts which are found.
pub(crate) fn run() -> Result<()> {
    let bugs = bugs(&root().join("crates/doctor/planted.tsv"))?;
    ensure!(bugs.len() >= BUGS_MIN, "{} bugs are planted, {BUGS_MIN} must be", bugs.len());
    let copy = copy()?;
    for bug in &bugs {
        plant(&copy, bug)?;
    }
    let mut tests =
        cargo(["test", "--quiet", "--package", "groundsill-doctor", "--lib", "--no-fail-fast"]);
    tests.current_dir(&copy).env("CARGO_TARGET_DIR", root().join("target"));
    println!("> {} bugs planted in {}", bugs.len(), copy.display());
    let done = tests.output().context("run the tests of the copy")?;
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    let built = told.contains("test result:");
    ensure!(built, "the copy does not build:\n{}", String::from_utf8_lossy(&done.stderr));
    let lines: BTreeSet<&str> = told.lines().collect();
    let mut missed = 0;
    for bug in &bugs {
        let is_found = is_found(bug, &lines);
        missed += usize::from(!is_found);
        let word = if is_found { "found " } else { "MISSED" };
        println!("{word} {:<4} {:<20} {}", bug.id, bug.kind, bug.file);
    }
    if missed > 0 {
        bail!("{missed} of {} planted bugs are not found by any test of theirs", bugs.len());
    }
    println!("{} planted bugs, all found", bugs.len());
    fs::remove_dir_all(&copy).with_context(|| format!("remove {}", copy.display()))
}

fn bugs(path: &Path) -> Result<Vec<Bug>> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let mut ids = BTreeSet::new();
    let bug = |line: &str| -> Result<Bug> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [id, file, old, new, kind] = fields[..] else {
            bail!("{}: a line has five fields: {line}", path.display());
        };
        ensure!(ids.insert(id.to_owned()), "{}: {id} is there twice", path.display());
        let [id, file, old, new, kind] = [id, file, old, new, kind].map(str::to_owned);
        Ok(Bug { id, file, old, new, kind })
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(bug).collect()
}

/// A copy of the crate as a workspace of its own.
fn copy() -> Result<PathBuf> {
    let (root, copy) = (root(), root().join("target/planted"));
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| format!("remove {}", copy.display()))?;
    }
    copy_folder(&root.join("crates/doctor"), &copy.join("crates/doctor"))?;
    for name in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(name), copy.join(name)).with_context(|| format!("copy {name}"))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("read Cargo.toml")?;
    let alone = manifest.lines().map(|line| {
        if line.starts_with("members =") { "members = [\"crates/doctor\"]" } else { line }
    });
    let alone: Vec<&str> = alone.filter(|line| !line.starts_with("default-members")).collect();
    fs::write(copy.join("Cargo.toml"), alone.join("\n")).context("write its Cargo.toml")?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("list {}", from.display()))? {
        let entry = entry.with_context(|| format!("list {}", from.display()))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

fn plant(copy: &Path, bug: &Bug) -> Result<()> {
    let path = copy.join("crates/doctor/src").join(&bug.file);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let count = text.matches(&bug.old).count();
    ensure!(count == 1, "{} {}: `{}` is there {count} times, not once", bug.id, bug.file, bug.old);
    fs::write(&path, text.replace(&bug.old, &bug.new))
        .with_context(|| format!("write {}", path.display()))
}

/// Whether a test of its file failed, or a recording of its check was judged otherwise.
fn is_found(bug: &Bug, lines: &BTreeSet<&str>) -> bool {
    let module = bug.file.trim_end_matches(".rs").replace('/', "::");
    let (test, recording) = (format!("{module}::tests::"), format!("{}: ", bug.id));
    // Names of tests that failed stand indented at the end.
    lines.iter().any(|line| line.trim().starts_with(&test) || line.starts_with(&recording))
}

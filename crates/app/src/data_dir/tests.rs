use super::*;
use crate::machine::MachineClock;

#[test]
fn a_directory_keeps_its_identity_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b");
    let first = DataDir::open(&path, &MachineClock).unwrap();
    assert!(first.is_new);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    let identity = first.identity.clone();
    drop(first);
    let again = DataDir::open(&path, &MachineClock).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.identity, identity);
}

#[test]
fn a_second_holder_is_refused_and_told_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let _first = DataDir::open(dir.path(), &MachineClock).unwrap();
    let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dump.rdb"), b"REDIS").unwrap();
    let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
    assert!(error.contains("dump.rdb"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_first_start_that_was_cut_short_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("identity.new"), b"GROU").unwrap();
    assert!(DataDir::open(dir.path(), &MachineClock).unwrap().is_new);
}

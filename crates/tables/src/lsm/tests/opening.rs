//! What an open makes of what it finds.

use std::fs;
use std::ops::Bound;

use base::{Kind, Sequence};

use super::yard::{compact_all, flush_all, open, rows, try_open};
use crate::lsm::manifest::Manifest;
use crate::{APPLIED_KEY, Change, Existing, KEY_BYTES_MAX, Tables};

#[test]
fn a_tree_that_must_exist_and_does_not_is_damage_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let error = try_open(dir.path(), Existing::Required).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.to_string().contains("current"), "{error}");
}

#[test]
fn tables_without_a_manifest_are_never_taken_for_an_empty_tree() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    tables.apply(vec![Change::put(b"a", b"1")], Sequence(1)).unwrap();
    flush_all(&tables);
    drop(tables);
    fs::remove_file(dir.path().join("current")).unwrap();
    let error = try_open(dir.path(), Existing::Possible).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(dir.path().join("tables/0").exists(), "the refused open removed a table");
    fs::remove_file(dir.path().join("tables/0")).unwrap();
    let error = try_open(dir.path(), Existing::Possible).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "there is a version file still: {error}");
}

#[test]
fn a_crash_while_the_tree_was_made_is_got_over() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("shards/0/tables/main");
    drop(open(&deep, Existing::Possible));
    fs::remove_file(deep.join("current")).unwrap();
    fs::write(deep.join("v0"), b"half").unwrap();
    fs::write(deep.join(".tmpAbCdEf"), b"half").unwrap();
    fs::write(deep.join("current.new"), b"half").unwrap();
    let tables = open(&deep, Existing::Possible);
    assert_eq!(tables.applied(), Sequence::ZERO);
    assert!(!deep.join(".tmpAbCdEf").exists() && !deep.join("current.new").exists());
    drop(tables);
    open(&deep, Existing::Required);
}

#[test]
fn applied_survives_a_reopen_even_when_every_row_was_removed() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    for through in 1..=10 {
        let change = if through % 2 == 0 { Change::remove(b"a") } else { Change::put(b"a", b"1") };
        tables.apply(vec![change], Sequence(through)).unwrap();
        flush_all(&tables);
    }
    assert!(compact_all(&tables) > 0);
    drop(tables);
    let tables = open(dir.path(), Existing::Required);
    assert_eq!((tables.applied(), tables.flushed()), (Sequence(10), Sequence(10)));
    assert_eq!(tables.get(b"a").unwrap(), None);
    assert_eq!(rows(&*tables.view()).len(), 1);
    // What is written now is newer than all that was read.
    tables.apply(vec![Change::put(b"a", b"2")], Sequence(11)).unwrap();
    flush_all(&tables);
    assert_eq!(tables.get(b"a").unwrap().as_deref(), Some(b"2".as_slice()));
}

#[test]
fn a_batch_that_is_refused_has_changed_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    tables.apply(vec![Change::put(b"a", b"1")], Sequence(5)).unwrap();
    let long = vec![b'k'; KEY_BYTES_MAX + 1];
    let refused = [
        (vec![Change::put(b"b", b"2"), Change::put(long, b"2")], 6, Kind::Invalid),
        (vec![Change::put(b"", b"2")], 6, Kind::Invalid),
        (vec![Change::put(b"c", b"2"), Change::put(b"b", b"2")], 6, Kind::Internal),
        (vec![Change::put(b"b", b"2"), Change::remove(b"b")], 6, Kind::Internal),
        (vec![Change::put(APPLIED_KEY, b"2")], 6, Kind::Internal),
        (vec![Change::put(b"b", b"2")], 5, Kind::Internal),
    ];
    let before = rows(&*tables.view());
    for (changes, through, kind) in refused {
        assert_eq!(tables.apply(changes, Sequence(through)).unwrap_err().kind(), kind);
        assert_eq!(rows(&*tables.view()), before);
        assert_eq!(tables.applied(), Sequence(5));
    }
    let longest = vec![b'k'; KEY_BYTES_MAX];
    tables.apply(vec![Change::put(longest.clone(), b"2")], Sequence(6)).unwrap();
    assert!(tables.get(&longest).unwrap().is_some());
}

#[test]
fn keys_and_bounds_that_no_row_can_have_are_answered_not_panicked_at() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    tables.apply(vec![Change::put(b"a", b"1"), Change::put(b"b", b"2")], Sequence(1)).unwrap();
    flush_all(&tables);
    let long = vec![b'a'; 100_000];
    assert_eq!(tables.get(b"").unwrap(), None);
    assert_eq!(tables.get(&long).unwrap(), None);
    let view = tables.view();
    let count = |from, to| view.range(from, to).map(Result::unwrap).count();
    let (a, b) = (b"a".as_slice(), b"b".as_slice());
    assert_eq!(count(Bound::Included(&long), Bound::Unbounded), 1);
    assert_eq!(count(Bound::Included(a), Bound::Excluded(&long)), 1);
    assert_eq!(count(Bound::Included(b), Bound::Included(a)), 0);
    assert_eq!(count(Bound::Excluded(a), Bound::Excluded(a)), 0);
    assert_eq!(count(Bound::Included(b""), Bound::Included(b)), 3);
    assert_eq!(count(Bound::Included(b""), Bound::Excluded(b"")), 0);
}

#[test]
fn nothing_is_flushed_before_the_log_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    assert!(!tables.rotate(), "there was nothing to seal");
    for through in 1..=3 {
        tables.apply(vec![Change::put(b"a", b"1")], Sequence(through)).unwrap();
        assert!(tables.memtable_bytes() > 0);
        assert!(tables.rotate());
        assert_eq!(tables.memtable_bytes(), 0);
    }
    assert_eq!(tables.sealed().count, 3);
    let flush = tables.flush(Sequence::ZERO).unwrap();
    assert_eq!((flush.through, flush.more), (Sequence::ZERO, false));
    let flush = tables.flush(Sequence(2)).unwrap();
    assert_eq!((flush.through, flush.more), (Sequence(1), true));
    let flush = tables.flush(Sequence(2)).unwrap();
    assert_eq!((flush.through, flush.more), (Sequence(2), false));
    let flush = tables.flush(Sequence(2)).unwrap();
    assert_eq!((flush.through, flush.more), (Sequence(2), false));
    assert_eq!(tables.sealed().count, 1);
    assert!(tables.sealed().bytes > 0);
    drop(tables);
    assert_eq!(open(dir.path(), Existing::Required).applied(), Sequence(2));
}

#[test]
fn the_manifest_is_read_as_the_tree_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let empty = Manifest::read(dir.path()).unwrap().unwrap();
    assert_eq!((empty.version, empty.tables.len()), (0, 0));
    for through in 1..=6 {
        tables.apply(vec![Change::put(b"a", b"1")], Sequence(through)).unwrap();
        flush_all(&tables);
        let manifest = Manifest::read(dir.path()).unwrap().unwrap();
        assert_eq!(manifest.tables.len() as u64, tables.stats().tables);
    }
    let manifest = Manifest::read(dir.path()).unwrap().unwrap();
    for table in manifest.tables {
        let path = crate::lsm::manifest::table_path(dir.path(), table.id);
        assert_eq!(crate::lsm::damage::checksum(&path).unwrap(), table.checksum);
    }
}

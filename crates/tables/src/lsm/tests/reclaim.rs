//! Merging for the sake of space: what it gives back, how much it takes for that, and that it changes nothing else.

use std::fs;
use std::sync::Arc;

use base::{Event, Sequence};

use super::yard::{assert_same, compact_all, files_of, flush_all, open, open_watched, rows, small};
use crate::{Cause, Change, Existing, LsmTables, Settings, Tables};

#[test]
fn what_was_removed_gives_its_space_back_where_the_disk_is_short_of_it() {
    removed_gives_back(Cause::Shortage);
}

#[test]
fn what_was_removed_gives_its_space_back_where_the_store_rests() {
    removed_gives_back(Cause::Rest);
}

#[test]
fn a_store_that_rests_merges_nothing_where_the_disk_has_little_room() {
    let dir = tempfile::tempdir().unwrap();
    let open = |disk_free_bytes_min: u64| {
        let settings = Settings { disk_free_bytes_min, ..small() };
        LsmTables::open(dir.path(), &settings, Existing::Possible, Arc::new(|_: &Event| {}))
            .unwrap()
    };
    let tables = open(1 << 60);
    let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 300]);
    tables.apply((0..1_000).map(put).collect(), Sequence(1)).unwrap();
    flush_all(&tables);
    let remove = |key: u64| Change::remove(&key.to_be_bytes());
    tables.apply((0..900).map(remove).collect(), Sequence(2)).unwrap();
    flush_all(&tables);
    assert!(!tables.reclaim_space(Cause::Rest).unwrap());
    assert_eq!(tables.stats().failures, 0, "it was not begun");
    drop(tables);
    assert!(open(0).reclaim_space(Cause::Rest).unwrap());
}

/// Reclaims until there is nothing left to do; how many pieces there were.
fn reclaim_all(tables: &dyn Tables, cause: Cause) -> usize {
    std::iter::from_fn(|| tables.reclaim_space(cause).unwrap().then_some(())).count()
}

#[test]
fn what_was_removed_gives_its_space_back_in_pieces_that_are_small_beside_all_that_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { table_bytes: 64 << 10, ..small() };
    let open = |existing| open_watched(dir.path(), existing, &settings, &Arc::default()).unwrap();
    let tables = open(Existing::Possible);
    let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 300]);
    for through in 1..=20 {
        // Each batch lies among the ones before.
        tables
            .apply((0..2_000).map(|n| put(n * 20 + through)).collect(), Sequence(through))
            .unwrap();
        flush_all(&tables);
        compact_all(&tables);
    }
    let remove = |key: u64| Change::remove(&key.to_be_bytes());
    tables.apply((0..13_000).map(|n| remove(n * 3)).collect(), Sequence(21)).unwrap();
    flush_all(&tables);
    let (expected, before) = (rows(&*tables.view()), tables.stats());
    let (mut pieces, mut files) = (0, files_of(dir.path()));
    loop {
        let changed = tables.reclaim_space(Cause::Shortage).unwrap();
        let now = files_of(dir.path());
        let bytes = |file| fs::metadata(dir.path().join("tables").join(file)).unwrap().len();
        let written: u64 = now.difference(&files).map(bytes).sum();
        assert!(written * 5 < before.bytes, "{written} of {} in one piece", before.bytes);
        files = now;
        if !changed {
            break;
        }
        pieces += 1;
        tables.maintain();
    }
    let after = tables.stats();
    assert!(pieces > 10 && after.tombstones * 20 < after.entries, "{pieces}, {after:?}");
    assert!(after.bytes < before.bytes * 3 / 4, "{before:?}, {after:?}");
    assert_same(&rows(&*tables.view()), &expected, "rows");
    drop(tables);
    assert_same(&rows(&*open(Existing::Required).view()), &expected, "rows");
}

fn removed_gives_back(cause: Cause) {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 300]);
    tables.apply((0..4_000).map(put).collect(), Sequence(1)).unwrap();
    flush_all(&tables);
    compact_all(&tables);
    assert!(!tables.reclaim_space(Cause::Shortage).unwrap(), "nothing was removed");
    let remove = |key: u64| Change::remove(&key.to_be_bytes());
    tables.apply((0..3_900).map(remove).collect(), Sequence(2)).unwrap();
    flush_all(&tables);
    compact_all(&tables);
    let expected = rows(&*tables.view());
    let before = tables.stats().bytes;
    assert!(reclaim_all(&tables, cause) > 0);
    tables.maintain();
    let after = tables.stats();
    assert!(after.bytes < before / 20 && after.tombstones == 0, "{before}, {after:?}");
    assert_same(&rows(&*tables.view()), &expected, "rows");
    drop(tables);
    assert_same(&rows(&*open(dir.path(), Existing::Required).view()), &expected, "rows");
}

#[test]
fn a_crowded_top_answers_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    for through in 1..=3 {
        let put =
            |key: u64| Change::put(&key.to_be_bytes(), vec![u8::try_from(through).unwrap(); 30]);
        tables.apply((0..100).map(put).collect(), Sequence(through)).unwrap();
        flush_all(&tables);
        if through == 1 {
            compact_all(&tables);
        }
    }
    let before = rows(&*tables.view());
    tables.tree.crowd_top(6).map_err(|failure| failure.at("crowd", dir.path())).unwrap();
    // Readers see it from now on.
    tables.maintain();
    assert_eq!(tables.tree.count_top_runs().unwrap(), 6);
    let answers = |tables: &LsmTables| {
        for (key, value) in &before {
            assert_eq!(tables.get(key).unwrap().as_ref(), Some(value));
        }
        assert_same(&rows(&*tables.view()), &before, "rows");
    };
    answers(&tables);
    drop(tables);
    answers(&open(dir.path(), Existing::Required));
}

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
    let pieces = (0..2_000).take_while(|_| {
        let changed = tables.reclaim_space(cause).unwrap();
        tables.maintain();
        changed
    });
    let count = pieces.count();
    assert!(count < 2_000, "it does not come to an end: {:?}", tables.stats());
    count
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
fn large_rows_that_are_removed_again_and_again_give_their_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { table_bytes: 256 << 10, ..small() };
    let tables = open_watched(dir.path(), Existing::Possible, &settings, &Arc::default()).unwrap();
    let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 20_000]);
    for through in 1..=10 {
        tables.apply((0..100).map(|n| put(n * 10 + through)).collect(), Sequence(through)).unwrap();
        flush_all(&tables);
        compact_all(&tables);
    }
    let full = tables.stats().bytes;
    let (mut at, mut left) = (10, 1_000);
    for round in 0..3_u64 {
        at += 1;
        // The highest key stays, and what is written last lies above all others.
        let remove = |key: u64| Change::remove(&key.to_be_bytes());
        let changes = (1..1_000).filter(|key| key % 5 == round).map(remove);
        tables.apply(changes.chain([put(2_000 + round)]).collect(), Sequence(at)).unwrap();
        flush_all(&tables);
        let expected = rows(&*tables.view());
        reclaim_all(&tables, Cause::Shortage);
        assert_same(&rows(&*tables.view()), &expected, "rows");
        left -= 199;
        let bytes = tables.stats().bytes;
        assert!(bytes < full * (left + 40) / 1_000, "{left} rows in {bytes} of {full}");
    }
}

#[test]
fn a_top_is_crowded_by_small_rows() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 100_000]);
    tables.apply((0..20).map(put).collect(), Sequence(1)).unwrap();
    flush_all(&tables);
    let before = tables.stats().bytes;
    crowd(&tables, 20);
    let after = tables.stats().bytes;
    assert!(after < before + 64 * 1024, "{before}, {after}");
}

/// Sees to it that there are so many runs at the top, whose rows are among those there.
fn crowd(tables: &LsmTables, runs: u64) {
    let tree = &tables.tree;
    assert!(tree.crowd_top(runs, 0).map_err(|failure| failure.at("crowd", &tree.dir)).unwrap());
    // Readers see it from now on.
    tables.maintain();
    assert_eq!(tree.count_top_runs().unwrap(), runs);
}

#[test]
fn a_crowded_top_answers_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    for through in 1..=3_u8 {
        let change = |key: u64| match (key, through) {
            // What the runs are made of has another row below it.
            (0, 3) => Change::remove(&key.to_be_bytes()),
            _ => Change::put(&key.to_be_bytes(), vec![through; 30]),
        };
        tables.apply((0..100).map(change).collect(), Sequence(through.into())).unwrap();
        flush_all(&tables);
        if through == 1 {
            compact_all(&tables);
        }
    }
    let view = tables.view();
    let before = rows(&*view);
    crowd(&tables, 6);
    let answers = |tables: &LsmTables| {
        for (key, value) in &before {
            assert_eq!(tables.get(key).unwrap().as_ref(), Some(value));
        }
        assert_eq!(tables.get(&0_u64.to_be_bytes()).unwrap(), None);
        assert_same(&rows(&*tables.view()), &before, "rows");
    };
    answers(&tables);
    assert_same(&rows(&*view), &before, "rows of a view from before");
    drop((view, tables));
    answers(&open(dir.path(), Existing::Required));
}

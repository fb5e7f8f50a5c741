//! A disk that refuses: flushes and compactions that fail lose nothing, leave nothing, and succeed
//! when tried again.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU64;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use base::{Event, Kind, Sequence};
use lsm_tree::AbstractTree;

use super::yard::{
    Chance, History, assert_same, batch, compact_all, files_of, flush_all, open, open_watched,
    rows, small,
};
use crate::lsm::manifest::Manifest;
use crate::{Change, Error, Existing, LsmTables, Settings, Tables};

/// Tables with a history, some of it in a sealed memtable that is to be flushed.
fn with_sealed(dir: &Path) -> (LsmTables, History) {
    let tables = open(dir, Existing::Possible);
    let mut chance = Chance(3);
    let mut history = History::default();
    for through in 1..=60 {
        let changes = batch(&mut chance, 500);
        tables.apply(changes.clone(), Sequence(through)).unwrap();
        history.commits.push((Sequence(through), changes));
        if through % 20 == 0 && through < 60 {
            flush_all(&tables);
        }
    }
    assert!(tables.rotate());
    (tables, history)
}

/// Makes the next version file a way to a device that is always full.
fn full_manifest(tables: &LsmTables) -> PathBuf {
    let next = tables.tree.inner.current_version().id() + 1;
    let path = tables.tree.dir.join(format!("v{next}"));
    symlink("/dev/full", &path).unwrap();
    path
}

/// Whether the directory of tables holds the live tables and nothing else.
fn check_no_strays(tables: &LsmTables) {
    let files = fs::read_dir(tables.tree.dir.join("tables")).unwrap().count();
    assert_eq!(files as u64, tables.stats().tables);
}

fn check_reopened(dir: &Path, history: &History, applied: u64) {
    let tables = open(dir, Existing::Required);
    assert_eq!(tables.applied(), Sequence(applied));
    assert_same(&rows(&*tables.view()), &history.rows_at(Sequence(applied)), "after the open");
    history.replay(&tables);
    assert_same(&rows(&*tables.view()), &history.rows_at(Sequence(60)), "after the open");
}

#[test]
fn a_flush_that_finds_the_disk_full_may_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    let expected = history.rows_at(Sequence(60));
    let obstacle = full_manifest(&tables);
    for attempt in 1..=5 {
        let error = tables.flush(Sequence(60)).unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        let Error::Io { source, .. } = &error else { panic!("{error:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(tables.flushed(), Sequence(40));
        assert_eq!(tables.sealed().count, 1);
        assert_eq!(tables.stats().failures, attempt);
        assert_same(&rows(&*tables.view()), &expected, "rows");
    }
    tables.maintain();
    check_no_strays(&tables);
    fs::remove_file(obstacle).unwrap();
    assert_eq!(tables.flush(Sequence(60)).unwrap().through, Sequence(60));
    assert_same(&rows(&*tables.view()), &expected, "rows");
    drop(tables);
    check_reopened(dir.path(), &history, 60);
}

#[test]
fn a_crash_after_a_failed_flush_loses_only_what_is_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    full_manifest(&tables);
    tables.flush(Sequence(60)).unwrap_err();
    drop(tables);
    check_reopened(dir.path(), &history, 40);
}

#[test]
fn a_flush_that_cannot_make_its_table_may_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    let aside = dir.path().join("aside");
    fs::rename(dir.path().join("tables"), &aside).unwrap();
    let error = tables.flush(Sequence(60)).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "the directory of tables is gone: {error}");
    fs::rename(&aside, dir.path().join("tables")).unwrap();
    let obstacle = tables.tree.inner.next_table_id();
    fs::write(dir.path().join(format!("tables/{obstacle}")), b"in the way").unwrap();
    // What is in the way is no table, and is swept before the next attempt.
    assert_eq!(tables.flush(Sequence(60)).unwrap().through, Sequence(60));
    tables.maintain();
    check_no_strays(&tables);
    drop(tables);
    check_reopened(dir.path(), &history, 60);
}

#[test]
fn a_compaction_that_finds_the_disk_full_may_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    flush_all(&tables);
    // Read while the failed attempts come and go.
    let view = tables.view();
    for through in 61..65 {
        tables.apply(vec![Change::put(b"00001", b"new")], Sequence(through)).unwrap();
        flush_all(&tables);
    }
    let expected = rows(&*tables.view());
    let obstacle = full_manifest(&tables);
    for _ in 0..5 {
        assert_eq!(tables.compact().unwrap_err().kind(), Kind::Unavailable);
        assert_same(&rows(&*tables.view()), &expected, "rows");
    }
    tables.maintain();
    check_no_strays(&tables);
    fs::remove_file(obstacle).unwrap();
    assert!(compact_all(&tables) > 0);
    assert_same(&rows(&*tables.view()), &expected, "rows");
    assert_same(&rows(&*view), &history.rows_at(Sequence(60)), "the view");
}

#[test]
fn sweeping_leaves_the_tables_that_a_view_still_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    flush_all(&tables);
    let view = tables.view();
    for through in 61..65 {
        tables.apply(vec![Change::put(b"00001", b"new")], Sequence(through)).unwrap();
        flush_all(&tables);
    }
    assert!(compact_all(&tables) > 0);
    let stray = dir.path().join("tables/999999");
    fs::write(&stray, b"left behind").unwrap();
    tables.tree.strays.suspect();
    tables.maintain();
    assert!(!stray.exists());
    let files = fs::read_dir(dir.path().join("tables")).unwrap().count();
    assert!(files as u64 > tables.stats().tables, "nothing was held by the view");
    assert_same(&rows(&*view), &history.rows_at(Sequence(60)), "the view");
}

#[test]
fn a_manifest_that_ran_ahead_is_put_back_before_it_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    let obstacle = full_manifest(&tables);
    tables.flush(Sequence(60)).unwrap_err();
    fs::remove_file(&obstacle).unwrap();
    // As if the attempt had failed after `current` was renamed.
    let believed = tables.tree.inner.current_version().id();
    fs::copy(dir.path().join(format!("v{believed}")), &obstacle).unwrap();
    Manifest::point_at(dir.path(), believed + 1).unwrap();
    tables.maintain();
    assert_eq!(Manifest::pointed_at(dir.path()).unwrap(), Some(believed));
    // A crash while the next attempt writes that file leaves a tree that opens.
    fs::write(&obstacle, b"half").unwrap();
    assert_eq!(Manifest::read(dir.path()).unwrap().unwrap().version, believed);
    fs::remove_file(&obstacle).unwrap();
    assert_eq!(tables.flush(Sequence(60)).unwrap().through, Sequence(60));
    drop(tables);
    check_reopened(dir.path(), &history, 60);
}

#[test]
fn flushes_are_refused_before_the_manifest_overflows() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let mut through = 0;
    let error = loop {
        through += 1;
        tables.apply(vec![Change::put(b"a", &through_bytes(through))], Sequence(through)).unwrap();
        assert!(tables.rotate());
        match tables.flush(Sequence(through)) {
            Ok(flush) => assert_eq!(flush.through, Sequence(through)),
            Err(error) => break error,
        }
        assert!(through < 255, "the manifest overflows");
    };
    assert!(matches!(error, Error::Crowded { runs: 200 }), "{error}");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(tables.top_runs(), 200);
    assert_eq!(tables.get(b"a").unwrap().as_deref(), Some(through_bytes(through).as_slice()));
    assert!(compact_all(&tables) > 0);
    assert_eq!(tables.flush(Sequence(through)).unwrap().through, Sequence(through));
    drop(tables);
    assert_eq!(open(dir.path(), Existing::Required).applied(), Sequence(through));
}

fn through_bytes(through: u64) -> [u8; 8] {
    through.to_le_bytes()
}

#[test]
fn compaction_goes_on_when_the_leveled_strategy_is_at_its_wits_end() {
    let dir = tempfile::tempdir().unwrap();
    // Flushed tables, which are never cut, are wide and many times as large as others: no few of
    // them lie over few enough of the next level.
    let settings = Settings { table_bytes: 1024, ..small() };
    let tables = open_watched(dir.path(), Existing::Possible, &settings, &Arc::default()).unwrap();
    let mut chance = Chance(7);
    let mut most = 0;
    for through in 1..=60 {
        let keys: BTreeSet<u64> = (0..200).map(|_| chance.below(1 << 40)).collect();
        let change = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 300]);
        tables.apply(keys.into_iter().map(change).collect(), Sequence(through)).unwrap();
        flush_all(&tables);
        compact_all(&tables);
        most = most.max(tables.top_runs());
    }
    assert!(most >= 11, "it was never at its wits' end: {most} runs");
    assert!(most <= 12, "{most} runs at the top: {:?}", tables.stats());
    let rows = rows(&*tables.view()).len();
    assert!(rows > 11_900, "{rows}");
}

#[test]
fn a_compaction_is_given_up_before_the_disk_is_fuller_than_it_may_be_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let full = Settings { table_bytes: 1 << 20, disk_free_bytes_min: u64::MAX, ..small() };
    let witness = Arc::default();
    let tables = open_watched(dir.path(), Existing::Possible, &full, &witness).unwrap();
    let mut chance = Chance(7);
    for through in 1..=6 {
        let keys: BTreeSet<u64> = (0..2_000).map(|_| chance.below(1 << 40)).collect();
        let change = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 300]);
        tables.apply(keys.into_iter().map(change).collect(), Sequence(through)).unwrap();
        flush_all(&tables);
    }
    let expected = rows(&*tables.view());
    let (runs, files) = (tables.top_runs(), files_of(dir.path()));
    let wanted = tables.space_wanted();
    assert!(
        wanted > 3 << 20,
        "as much as all of it, which is less than a merge may take: {wanted}"
    );
    for _ in 0..3 {
        let error = tables.compact().unwrap_err();
        assert!(matches!(error, Error::NoRoom { .. }), "{error}");
        assert_eq!(error.kind(), Kind::Unavailable);
        tables.maintain();
        assert_eq!((tables.top_runs(), files_of(dir.path())), (runs, files.clone()));
    }
    assert_same(&rows(&*tables.view()), &expected, "rows");
    assert_eq!(witness.count(|event| matches!(event, Event::TableWorkFailed { .. })), 3);
    drop(tables);
    let roomy = Settings { disk_free_bytes_min: 1, ..full };
    let tables = open_watched(dir.path(), Existing::Required, &roomy, &Arc::default()).unwrap();
    assert!(compact_all(&tables) > 0);
    assert_same(&rows(&*tables.view()), &expected, "rows");
}

#[test]
fn tables_go_to_the_disk_while_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, observer) = (Settings::default(), Arc::new(|_: &Event| {}));
    let tables = LsmTables::open(dir.path(), &settings, Existing::Possible, observer).unwrap();
    // Five MiB of rows, of which each flush writes all and the compaction what is left of them. The last stretch
    // is synced at the end.
    let most_of = 3 * 1024 * 1024;
    let mut before = 0;
    for round in 0..4 {
        let put = |key: u64| Change::put(&key.to_be_bytes(), vec![round; 8_192]);
        tables.apply((0..640).map(put).collect(), Sequence(u64::from(round) + 1)).unwrap();
        flush_all(&tables);
        let flushed = tables.stats().written_back_bytes;
        assert!(flushed >= before + most_of, "{before}, {flushed}");
        before = flushed;
    }
    assert!(compact_all(&tables) > 0);
    let compacted = tables.stats().written_back_bytes;
    assert!(compacted >= before + most_of, "{before}, {compacted}");
}

#[test]
fn an_interrupted_batch_never_becomes_visible() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, history) = with_sealed(dir.path());
    let expected = rows(&*tables.view());
    {
        let mut applier = tables.tree.applier.lock();
        let batch = tables.tree.counter.next();
        super::super::insert(&applier.active, Change::put(b"half", b"1"), batch);
        applier.interrupted = true;
    }
    let refused = tables.apply(vec![Change::put(b"more", b"1")], Sequence(61)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Closed);
    // The half batch is sealed with the rest and waits for a commit that never comes: it must not
    // be flushed as part of the one before.
    tables.rotate();
    while tables.flush(Sequence(60)).unwrap().more {}
    tables.maintain();
    compact_all(&tables);
    assert_same(&rows(&*tables.view()), &expected, "rows");
    drop(tables);
    check_reopened(dir.path(), &history, 60);
}

#[test]
fn a_compaction_is_given_up_where_the_process_is_to_end() {
    let dir = tempfile::tempdir().unwrap();
    // A stretch takes a second, and all of it six.
    let slow = Settings {
        table_bytes: 1 << 20,
        background_bytes_per_second: NonZeroU64::new(1 << 20),
        ..small()
    };
    let witness = Arc::default();
    let tables = open_watched(dir.path(), Existing::Possible, &slow, &witness).unwrap();
    for through in 1..=4 {
        let put = |key: u64| Change::put(&key.to_be_bytes(), vec![1; 1_000]);
        tables
            .apply((0..1_500).map(|n| put(4 * n + through)).collect(), Sequence(through))
            .unwrap();
        flush_all(&tables);
    }
    let expected = rows(&*tables.view());
    let before = (files_of(dir.path()), tables.stats().written_back_bytes);
    let compacted = thread::scope(|scope| {
        let compaction = scope.spawn(|| tables.compact());
        while tables.stats().written_back_bytes == before.1 {
            thread::yield_now();
        }
        tables.cease();
        compaction.join().unwrap()
    });
    assert!(!compacted.unwrap(), "it went on to its end");
    assert!(!tables.compact().unwrap(), "another was begun");
    assert_eq!(files_of(dir.path()), before.0, "something was left");
    assert_eq!(witness.count(|event| matches!(event, Event::TableWorkFailed { .. })), 0);
    assert_same(&rows(&*tables.view()), &expected, "rows");
    drop(tables);
    assert_same(&rows(&*open(dir.path(), Existing::Required).view()), &expected, "rows");
}

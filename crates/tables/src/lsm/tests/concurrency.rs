//! All kinds of thread at once.

use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use base::Sequence;

use super::yard::{Chance, Raise, background, open};
use crate::{APPLIED_KEY, Change, Existing, Rows, Tables, Value, View};

/// Rows of one batch; each batch writes all of them anew.
const ROWS: u32 = 24;
const FILLERS: u32 = 30;

/// At least so many commits, and so many readings and compactions beside them.
const COMMITS: u64 = 500;
const READS: usize = 800;
const COMPACTIONS: usize = 20;

fn row_key(row: u32) -> Vec<u8> {
    // Far apart, so that they lie in different tables.
    format!("{:05}", row * 997).into_bytes()
}

/// The commit in a row.
fn commit_in(row: &Value) -> u64 {
    u64::from_le_bytes(row[..8].try_into().unwrap())
}

/// Panics unless all of a view shows the commit that it says it does, read row by row or in a scan
/// from either end.
fn check(view: &dyn View, chance: &mut Chance) {
    let applied = view.applied().0;
    let way = chance.below(10);
    let commits: Vec<u64> = match way {
        0 | 1 => {
            let (from, to) = (row_key(0), row_key(ROWS));
            let rows = view.range(Bound::Included(&from), Bound::Excluded(&to));
            let rows: Rows<'_> = if way == 0 { rows } else { Box::new(rows.rev()) };
            let rows = rows.map(Result::unwrap).filter(|(key, _)| !key.ends_with(b"!"));
            rows.map(|(_, row)| commit_in(&row)).collect()
        }
        _ => {
            let rows = (0..ROWS).filter_map(|row| view.get(&row_key(row)).unwrap());
            rows.map(|row| commit_in(&row)).collect()
        }
    };
    let expected = if applied == 0 { Vec::new() } else { vec![applied; ROWS as usize] };
    assert_eq!(commits, expected, "a view shows parts of batches");
    let row = view.get(APPLIED_KEY).unwrap();
    assert_eq!(row.map_or(0, |row| commit_in(&row)), applied);
}

fn changes(chance: &mut Chance, through: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for row in 0..ROWS {
        let mut value = through.to_le_bytes().to_vec();
        value.resize(100, 7);
        changes.push(Change::put(row_key(row), value));
        // Fillers that come and go, so that there is something to compact away, and so that a batch
        // takes long enough for a reader to come in between.
        for filler in 0..FILLERS {
            let filler = [row_key(row), format!("{filler:03}!").into_bytes()].concat();
            changes.push(match chance.below(12) {
                0 => Change::put(filler, vec![1; 60]),
                _ => Change::remove(filler),
            });
        }
    }
    changes
}

/// Reads over and over until it is done; panics at anything that no single commit left.
fn keep_reading(tables: &dyn Tables, seed: u64, done: &AtomicBool, reads: &AtomicUsize) {
    let mut chance = Chance(seed);
    let mut held = tables.view();
    let mut last = 0;
    while !done.load(Ordering::Acquire) {
        let view = tables.view();
        // At once, before the last row of a batch under way can have come in.
        let last_row = view.get(&row_key(ROWS - 1)).unwrap();
        let shown = last_row.map_or(0, |row| commit_in(&row));
        assert_eq!(shown, view.applied().0, "a view shows half a batch");
        check(&*view, &mut chance);
        assert!(shown >= last, "a later view shows an earlier commit");
        last = shown;
        let least = tables.applied().0;
        let row = tables.get(APPLIED_KEY).unwrap();
        assert!(row.map_or(0, |row| commit_in(&row)) >= least, "a get shows less than is applied");
        check(&*held, &mut chance);
        if chance.one_in(20) {
            held = view;
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_never_sees_half_a_batch_whatever_else_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let done = AtomicBool::new(false);
    let (reads, compactions) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut last = 0;
    thread::scope(|scope| {
        for reader in 0..2 {
            let (tables, done, reads) = (&tables, &done, &reads);
            scope.spawn(move || {
                let _raise = Raise(done);
                keep_reading(tables, reader, done, reads);
            });
        }
        let sealed = background(scope, &tables, &compactions);
        let _raise = Raise(&done);
        let mut chance = Chance(4);
        let enough = || {
            let compactions = compactions.load(Ordering::Relaxed);
            compactions >= COMPACTIONS && reads.load(Ordering::Relaxed) >= READS
        };
        while last < COMMITS || !enough() {
            last += 1;
            tables.apply(changes(&mut chance, last), Sequence(last)).unwrap();
            if last % 10 == 0 && tables.rotate() {
                sealed.send(()).unwrap();
            }
            assert!(last < 50 * COMMITS, "readers or compactions do not get on");
            assert!(!done.load(Ordering::Acquire), "a reader has failed");
        }
    });
    let stats = tables.stats();
    let compactions = compactions.load(Ordering::Relaxed);
    let reads = reads.load(Ordering::Relaxed);
    println!("{} flushes, {compactions} compactions, {reads} reads", stats.flushes);
    assert!(stats.flushes > 20 && compactions >= COMPACTIONS && reads >= READS);
    assert_eq!(stats.failures, 0);
    assert_eq!(tables.applied(), Sequence(last));
    check(&*tables.view(), &mut Chance(1));
}

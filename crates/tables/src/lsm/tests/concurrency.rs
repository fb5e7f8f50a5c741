//! All kinds of thread at once.

use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use base::Sequence;

use super::yard::{Chance, Raise, open};
use crate::{APPLIED_KEY, Change, Existing, Tables, View};

/// Rows of one batch; each batch writes all of them anew.
const ROWS: u32 = 24;

/// At least so many commits, and so many readings beside them.
const COMMITS: u64 = 1_000;
const READS: usize = 300;

fn row_key(row: u32) -> Vec<u8> {
    // Far apart, so that they lie in different tables.
    format!("{:05}", row * 997).into_bytes()
}

/// The commit that a whole view shows; panics if it shows parts of several.
fn commit_of(view: &dyn View, backwards: bool) -> u64 {
    let mut rows = view.range(Bound::Excluded(b"0".as_slice()), Bound::Excluded(b":".as_slice()));
    let mut commits = Vec::new();
    while let Some(row) = if backwards { rows.next_back() } else { rows.next() } {
        let (key, value) = row.unwrap();
        if !key.ends_with(b"!") {
            commits.push(u64::from_le_bytes(value[..8].try_into().unwrap()));
        }
    }
    let applied = view.applied().0;
    if applied == 0 {
        assert!(commits.is_empty());
        return 0;
    }
    assert_eq!(commits, vec![applied; ROWS as usize], "a view shows parts of batches");
    let row = view.get(APPLIED_KEY).unwrap().unwrap();
    assert_eq!(*row, applied.to_le_bytes());
    applied
}

fn changes(chance: &mut Chance, through: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for row in 0..ROWS {
        let mut value = through.to_le_bytes().to_vec();
        value.resize(100, 7);
        changes.push(Change::put(row_key(row), value));
        // Fillers that come and go, so that there is something to compact away.
        let filler = [row_key(row), chance.below(50).to_string().into_bytes(), b"!".to_vec()];
        let filler = filler.concat();
        changes.push(match chance.one_in(2) {
            true => Change::put(filler, vec![1; 60]),
            false => Change::remove(filler),
        });
    }
    changes
}

#[test]
fn a_reader_never_sees_half_a_batch_whatever_else_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(dir.path(), Existing::Possible);
    let done = AtomicBool::new(false);
    let mut last = 0;
    let (reads, compactions) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for reader in 0..2u64 {
            let (tables, done, reads) = (&tables, &done, &reads);
            scope.spawn(move || {
                let _raise = Raise(done);
                let mut chance = Chance(reader);
                let mut held: Option<Box<dyn View>> = None;
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let view = tables.view();
                    let commit = commit_of(&*view, chance.one_in(2));
                    assert!(commit >= last, "a later view shows an earlier commit");
                    last = commit;
                    let least = tables.applied();
                    let row = tables.get(APPLIED_KEY).unwrap();
                    let row = row.map_or(0, |row| u64::from_le_bytes(row[..].try_into().unwrap()));
                    assert!(row >= least.0, "a get shows less than is applied");
                    if let Some(held) = &held {
                        commit_of(&**held, chance.one_in(2));
                    }
                    if chance.one_in(20) {
                        held = Some(view);
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            let _raise = Raise(&done);
            while !done.load(Ordering::Acquire) {
                if !tables.flush(tables.applied()).unwrap().more {
                    tables.maintain();
                    thread::yield_now();
                }
            }
        });
        scope.spawn(|| {
            let _raise = Raise(&done);
            while !done.load(Ordering::Acquire) {
                if tables.compact().unwrap() {
                    compactions.fetch_add(1, Ordering::Relaxed);
                } else {
                    thread::yield_now();
                }
            }
        });
        let _raise = Raise(&done);
        let mut chance = Chance(4);
        while last < COMMITS || reads.load(Ordering::Relaxed) < READS {
            last += 1;
            tables.apply(changes(&mut chance, last), Sequence(last)).unwrap();
            if last % 25 == 0 {
                tables.rotate();
            }
            let behind = || tables.sealed().count >= 4 || tables.top_runs() >= 20;
            while behind() && !done.load(Ordering::Acquire) {
                thread::yield_now();
            }
            assert!(last < 50 * COMMITS, "the readers do not get on");
        }
    });
    let stats = tables.stats();
    let compactions = compactions.load(Ordering::Relaxed);
    let reads = reads.load(Ordering::Relaxed);
    println!("{} flushes, {compactions} compactions, {reads} reads", stats.flushes);
    assert!(stats.flushes > 20 && compactions > 20 && reads >= READS);
    assert_eq!(stats.failures, 0);
    assert_eq!(commit_of(&*tables.view(), false), last);
}

//! A second directory, taken while the tables go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base::Sequence;

use super::yard::{Chance, History, assert_same, batch, compact_all, flush_all, open, rows};
use crate::lsm::verify;
use crate::{Existing, Tables};

#[test]
fn what_is_staged_stays_as_it_was_whatever_the_tree_does_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    let tables = open(&from, Existing::Possible);
    let (mut chance, mut history) = (Chance(1), History::default());
    let mut commit = |chance: &mut Chance, at: u64| {
        let changes = batch(chance, 300);
        tables.apply(changes.clone(), Sequence(at)).unwrap();
        history.commits.push((Sequence(at), changes));
    };
    for at in 1..=40 {
        commit(&mut chance, at);
        if at % 10 == 0 {
            flush_all(&tables);
        }
    }
    commit(&mut chance, 41);
    tables.stage(&to).unwrap();
    for at in 42..=80 {
        commit(&mut chance, at);
        flush_all(&tables);
        compact_all(&tables);
        tables.maintain();
    }
    drop(tables);
    std::fs::remove_dir_all(&from).unwrap();
    assert_eq!(verify(&to).unwrap().problems, []);
    let staged = open(&to, Existing::Required);
    assert_eq!(staged.applied(), Sequence(40), "what is in memory alone is in the log");
    assert_same(&rows(&*staged.view()), &history.rows_at(Sequence(40)), "staged");
}

#[test]
fn tables_are_staged_whole_beside_flushes_and_compactions() {
    let dir = tempfile::tempdir().unwrap();
    let tables = open(&dir.path().join("from"), Existing::Possible);
    tables.apply(batch(&mut Chance(1), 300), Sequence(1)).unwrap();
    flush_all(&tables);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut chance = Chance(2);
            for at in 2..120 {
                tables.apply(batch(&mut chance, 300), Sequence(at)).unwrap();
                flush_all(&tables);
                compact_all(&tables);
                tables.maintain();
            }
            done.store(true, Ordering::Release);
        });
        let mut last = Sequence::ZERO;
        for number in 0.. {
            if done.load(Ordering::Acquire) && number > 10 {
                break;
            }
            let to = dir.path().join(number.to_string());
            let before = tables.flushed();
            tables.stage(&to).unwrap();
            assert_eq!(verify(&to).unwrap().problems, []);
            let staged = open(&to, Existing::Required);
            assert!(staged.applied() >= before && staged.applied() >= last);
            last = staged.applied();
            drop(staged);
            std::fs::remove_dir_all(&to).unwrap();
        }
    });
}

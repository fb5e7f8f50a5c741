//! The tree and the model side by side: whatever is done to both, they answer the same.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use base::{Event, Kind, Sequence};

use super::yard::{
    Chance, History, Witness, assert_same, batch, compact_all, flush_all, key, open, open_watched,
    rows, small,
};
use crate::{Cause, Change, Existing, LsmTables, ModelTables, Rows, Tables, Value, View};

const KEYS: u64 = 600;

/// A view of each, taken at the same commit.
struct Pair {
    lsm: Box<dyn View>,
    model: Box<dyn View>,
    /// How many compactions there had been.
    compactions: usize,
}

/// What has to happen in a run for it to count.
#[derive(Debug, Default)]
struct Happened {
    reopens: usize,
    replayed: usize,
    compactions: usize,
    reclaimed: usize,
    flushes: usize,
    held_back: usize,
    rows: usize,
    lived_through: usize,
    levels: usize,
}

struct Twins<'a> {
    dir: &'a Path,
    witness: Arc<Witness>,
    /// None only while it is opened again.
    lsm: Option<LsmTables>,
    model: ModelTables,
    history: History,
    pairs: Vec<Pair>,
    chance: Chance,
    happened: Happened,
}

impl<'a> Twins<'a> {
    fn new(dir: &'a Path, seed: u64) -> Self {
        let witness = Arc::default();
        let lsm = open_watched(dir, Existing::Possible, &small(), &witness).unwrap();
        Self {
            dir,
            witness,
            lsm: Some(lsm),
            model: ModelTables::new(),
            history: History::default(),
            pairs: Vec::new(),
            chance: Chance(seed),
            happened: Happened::default(),
        }
    }

    fn lsm(&self) -> &LsmTables {
        self.lsm.as_ref().unwrap()
    }

    fn step(&mut self) {
        match self.chance.below(100) {
            0..50 => self.apply(),
            50..58 => assert_eq!(self.lsm().rotate(), self.model.rotate()),
            58..68 => self.flush(),
            68..73 => {
                let event = |event: &Event| *event == Event::Compacted;
                let before = self.witness.count(event);
                let pieces = compact_all(self.lsm());
                assert_eq!(self.witness.count(event), before + pieces);
                self.happened.compactions += pieces;
            }
            73 => {
                let cause = if self.chance.one_in(2) { Cause::Shortage } else { Cause::Rest };
                if self.lsm().reclaim_space(cause).unwrap() {
                    self.happened.reclaimed += 1;
                }
            }
            74..78 => {
                self.lsm().maintain();
                self.model.maintain();
            }
            78..83 => self.take_views(),
            83..98 => self.read(),
            _ => self.reopen(),
        }
        assert_eq!(self.lsm().applied(), self.model.applied());
        assert_eq!(self.lsm().flushed(), self.model.flushed());
        assert_eq!(self.lsm().sealed().count, self.model.sealed().count);
    }

    fn apply(&mut self) {
        let changes = batch(&mut self.chance, KEYS);
        // Sequences leap after an unclean stop of the store.
        let leap = if self.chance.one_in(50) { 1 << 24 } else { 1 };
        let through = Sequence(self.lsm().applied().0 + leap);
        self.lsm().apply(changes.clone(), through).unwrap();
        self.model.apply(changes.clone(), through).unwrap();
        self.history.commits.push((through, changes));
    }

    /// The log is durable up to some commit; no later one may reach the disk.
    fn flush(&mut self) {
        let behind = self.chance.below(40);
        let durable = Sequence(self.lsm().applied().0.saturating_sub(behind));
        let before = self.lsm().flushed();
        let flush = self.lsm().flush(durable).unwrap();
        assert_eq!(flush, self.model.flush(durable).unwrap());
        assert!(flush.through <= durable.max(before), "flushed what the log may lose");
        self.happened.flushes += usize::from(flush.through > before);
        self.happened.held_back += usize::from(self.lsm().sealed().count > 0 && !flush.more);
    }

    fn take_views(&mut self) {
        if self.pairs.len() == 4 {
            let at = usize::try_from(self.chance.below(4)).unwrap();
            self.pairs.swap_remove(at);
        }
        let (lsm, model) = (self.lsm().view(), self.model.view());
        assert_eq!(lsm.applied(), model.applied());
        self.pairs.push(Pair { lsm, model, compactions: self.happened.compactions });
    }

    /// Reads through the newest views and through one that may be old.
    fn read(&mut self) {
        let (lsm, model) = (self.lsm().view(), self.model.view());
        self.compare(&*lsm, &*model);
        let wanted = key(&mut self.chance, KEYS);
        assert_eq!(self.lsm().get(&wanted).unwrap(), self.model.get(&wanted).unwrap());
        if let Some(pair) = self.pairs.pop() {
            self.compare(&*pair.lsm, &*pair.model);
            let lived = self.happened.compactions - pair.compactions;
            self.happened.lived_through = self.happened.lived_through.max(lived);
            self.pairs.insert(0, pair);
        }
    }

    fn compare(&mut self, lsm: &dyn View, model: &dyn View) {
        assert_eq!(lsm.applied(), model.applied());
        for _ in 0..10 {
            let wanted = key(&mut self.chance, KEYS);
            assert_eq!(lsm.get(&wanted).unwrap(), model.get(&wanted).unwrap());
        }
        let (from, to) = (key(&mut self.chance, KEYS), key(&mut self.chance, KEYS));
        let from = bound(&mut self.chance, &from);
        let to = bound(&mut self.chance, &to);
        // The same steps from either end in both, so that they meet somewhere in the middle.
        let turns = self.chance.below(4);
        let seed = self.chance.next();
        let left = walk(lsm.range(from, to), turns, seed);
        let right = walk(model.range(from, to), turns, seed);
        assert_same(&left, &right, &format!("{from:?} to {to:?}, turns {turns}, seed {seed}"));
        self.happened.rows += left.len();
    }

    /// The process is killed, and what was not flushed is replayed.
    fn reopen(&mut self) {
        self.pairs.clear();
        self.model = self.model.crash();
        self.lsm = None;
        let lsm = open_watched(self.dir, Existing::Required, &small(), &self.witness).unwrap();
        self.lsm = Some(lsm);
        assert_eq!(self.lsm().applied(), self.model.applied());
        let expected = self.history.rows_at(self.lsm().applied());
        assert_same(&rows(&*self.lsm().view()), &expected, "after the open");
        self.happened.replayed += self.history.replay(self.lsm());
        self.history.replay(&self.model);
        self.happened.reopens += 1;
    }
}

fn bound<'a>(chance: &mut Chance, key: &'a [u8]) -> Bound<&'a [u8]> {
    match chance.below(4) {
        0 => Bound::Unbounded,
        1 => Bound::Excluded(key),
        _ => Bound::Included(key),
    }
}

/// All rows in the order in which they came: forward only, backward only, or from both ends.
fn walk(mut rows: Rows<'_>, turns: u64, seed: u64) -> Vec<(Value, Value)> {
    let mut chance = Chance(seed);
    let step = || {
        let back = if turns < 2 { turns == 1 } else { chance.one_in(2) };
        let row = if back { rows.next_back() } else { rows.next() };
        row.map(Result::unwrap)
    };
    std::iter::from_fn(step).collect()
}

#[test]
fn the_tree_answers_like_the_model_whatever_is_done_to_both() {
    let mut total = Happened::default();
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let mut twins = Twins::new(dir.path(), seed);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..700 {
                twins.step();
            }
            assert_same(&rows(&*twins.lsm().view()), &rows(&*twins.model.view()), "the end");
        }));
        assert!(run.is_ok(), "with seed {seed}");
        let levels = twins.lsm().stats().levels.iter().filter(|level| level.tables > 0).count();
        total.levels = total.levels.max(levels);
        let happened = twins.happened;
        total.reopens += happened.reopens;
        total.replayed += happened.replayed;
        total.compactions += happened.compactions;
        total.reclaimed += happened.reclaimed;
        total.flushes += happened.flushes;
        total.held_back += happened.held_back;
        total.rows += happened.rows;
        total.lived_through = total.lived_through.max(happened.lived_through);
    }
    println!("{total:?}");
    assert!(total.reopens > 20 && total.replayed > 100, "{total:?}");
    assert!(total.compactions > 50 && total.flushes > 100, "{total:?}");
    assert!(total.reclaimed > 20, "{total:?}");
    assert!(total.held_back > 0 && total.rows > 10_000, "{total:?}");
    assert!(total.lived_through > 3 && total.levels > 1, "{total:?}");
}

#[test]
fn a_view_stands_still_across_many_compactions() {
    let dir = tempfile::tempdir().unwrap();
    let mut twins = Twins::new(dir.path(), 77);
    let mut snapshots = Vec::new();
    for round in 0..400 {
        twins.apply();
        if round % 10 == 0 {
            assert!(twins.lsm().rotate());
            while twins.lsm().flush(twins.lsm().applied()).unwrap().more {}
            twins.happened.compactions += compact_all(twins.lsm());
            twins.lsm().maintain();
        }
        if round % 37 == 5 {
            let view = twins.lsm().view();
            let expected = twins.history.rows_at(view.applied());
            snapshots.push((view, expected, twins.happened.compactions));
        }
    }
    let first = twins.happened.compactions - snapshots[0].2;
    assert!(first > 20, "the first view lived through {first} compactions only");
    for (view, expected, _) in &snapshots {
        assert_same(&rows(&**view), expected, "an old view");
    }
    // A view also outlives the tables that it was taken of.
    let (view, expected, _) = snapshots.swap_remove(3);
    snapshots.clear();
    drop(twins);
    assert_same(&rows(&*view), &expected, "rows");
}

#[test]
fn what_no_view_needs_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut twins = Twins::new(dir.path(), 5);
    let view = twins.lsm().view();
    for _ in 0..60 {
        twins.apply();
        assert!(twins.lsm().rotate());
        twins.lsm().flush(twins.lsm().applied()).unwrap();
        compact_all(twins.lsm());
    }
    twins.lsm().maintain();
    let held = twins.lsm().stats();
    assert!(held.versions_kept > 0 && held.buried_memtables > 0, "{held:?}");
    assert_eq!(held.views, 1);
    drop(view);
    twins.lsm().maintain();
    let freed = twins.lsm().stats();
    assert_eq!((freed.versions_kept, freed.buried_memtables, freed.views), (0, 0, 0));
    let files = std::fs::read_dir(dir.path().join("tables")).unwrap().count();
    assert_eq!(files as u64, freed.tables);
}

#[test]
fn dropping_a_range_gives_space_back_and_leaves_other_rows_alone() {
    let dir = tempfile::tempdir().unwrap();
    let twins = Twins::new(dir.path(), 9);
    let rows_of = |prefix: u8| {
        (0..2_000u32)
            .map(move |n| Change::put([&[prefix][..], &n.to_be_bytes()].concat(), vec![prefix; 50]))
    };
    let changes: Vec<_> = rows_of(1).chain(rows_of(2)).chain(rows_of(3)).collect();
    twins.lsm().apply(changes.clone(), Sequence(1)).unwrap();
    flush_all(twins.lsm());
    // Several flushes that overlap, so that compaction cuts everything into small tables.
    for through in 2..8 {
        twins
            .lsm()
            .apply(vec![changes[0].clone(), changes[5_999].clone()], Sequence(through))
            .unwrap();
        flush_all(twins.lsm());
    }
    assert!(compact_all(twins.lsm()) > 0);
    let before = twins.lsm().stats();
    assert!(twins.lsm().is_droppable(&[2], &[3]).unwrap());
    assert!(twins.lsm().drop_range(&[2], &[3]).unwrap());
    assert!(
        !twins.lsm().is_droppable(&[2], &[3]).unwrap()
            && !twins.lsm().drop_range(&[2], &[3]).unwrap()
    );
    let after = twins.lsm().stats();
    assert!(after.bytes < before.bytes * 3 / 4, "{} of {} bytes", after.bytes, before.bytes);
    let view = twins.lsm().view();
    for prefix in [1, 3] {
        let found = view.range(Bound::Included(&[prefix]), Bound::Excluded(&[prefix + 1])).count();
        assert_eq!(found, 2_000);
    }
    let refused = twins.lsm().drop_range(&[], &[9]).unwrap_err();
    assert_eq!(refused.kind(), Kind::Internal);
    drop(twins);
    assert_eq!(open(dir.path(), Existing::Required).applied(), Sequence(7));
}

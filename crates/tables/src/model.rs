//! The tables in memory, in the plainest way: every version of every row in one ordered map.
//!
//! For simulation, and the twin that the tree is held to. Like a tree it keeps what was flushed
//! apart from what was not, so that a crash can be played ([`ModelTables::crash`]).
//!
//! Knows no files.
//!
//! Invariants:
//! 1. A row's versions ascend by commit; a reader at a commit sees the last one that is not above
//!    it.
//! 2. A version goes only when no open view and no crash can make it visible again.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use base::{Event, Observer, Sequence};
use parking_lot::{Mutex, MutexGuard};

use crate::change::{applied_row, check};
use crate::span::span;
use crate::{APPLIED_KEY, Change, Error, Flush, Level, Rows, Sealed, Stats, Tables, Value, View};

/// What an entry takes in memory beside its bytes, roughly; only there so that figures move.
const ENTRY_BYTES: u64 = 64;

/// The versions of one row, by the commit that each came with.
type Versions = Vec<(Sequence, Option<Value>)>;

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<Value, Versions>,
    applied: Sequence,
    flushed: Sequence,
    memtable_bytes: u64,
    sealed: VecDeque<(Sequence, u64)>,
    flushes: u64,
    /// How many views are open at each commit.
    views: BTreeMap<Sequence, u64>,
}

impl State {
    /// Keys of a range whose versions are all on disk.
    fn on_disk(&self, from: &[u8], to: &[u8]) -> Result<Vec<Value>, Error> {
        if from <= APPLIED_KEY && APPLIED_KEY < to {
            return Err(Error::Reserved);
        }
        let range = span(Bound::Included(from), Bound::Excluded(to));
        let rows = range.map(|range| self.rows.range::<[u8], _>(range)).into_iter().flatten();
        let is_on_disk = |versions: &Versions| versions.iter().all(|(at, _)| *at <= self.flushed);
        Ok(rows.filter(|(_, row)| is_on_disk(row)).map(|(key, _)| key.clone()).collect())
    }

    /// The earliest commit that a reader may still look at, now or after a crash.
    fn watermark(&self) -> Sequence {
        let oldest = self.views.keys().next().copied().unwrap_or(self.applied);
        oldest.min(self.flushed)
    }

    fn get(&self, key: &[u8], at: Sequence) -> Option<Value> {
        seen(self.rows.get(key)?, at)
    }
}

/// The version that a reader at a commit sees.
fn seen(versions: &Versions, at: Sequence) -> Option<Value> {
    let (_, value) = versions.iter().rev().find(|(commit, _)| *commit <= at)?;
    value.clone()
}

/// Drops the versions that no reader from `watermark` on can see.
fn prune(versions: &mut Versions, watermark: Sequence) {
    if let Some(keep) = versions.iter().rposition(|(commit, _)| *commit <= watermark) {
        versions.drain(..keep);
    }
    if let [(commit, None)] = versions.as_slice()
        && *commit <= watermark
    {
        versions.clear();
    }
}

/// Tables in memory.
#[derive(Default)]
pub struct ModelTables {
    state: Arc<Mutex<State>>,
    observer: Mutex<Option<Arc<dyn Observer>>>,
}

impl fmt::Debug for ModelTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelTables").field("state", &self.state).finish_non_exhaustive()
    }
}

impl ModelTables {
    /// Empty tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables that an open finds after a crash at this moment: what was flushed.
    #[must_use]
    pub fn crash(&self) -> Self {
        let state = self.state.lock();
        let mut rows = state.rows.clone();
        rows.retain(|_, versions| {
            versions.retain(|(commit, _)| *commit <= state.flushed);
            prune(versions, state.flushed);
            !versions.is_empty()
        });
        let found =
            State { rows, applied: state.flushed, flushed: state.flushed, ..State::default() };
        Self { state: Arc::new(Mutex::new(found)), observer: Mutex::default() }
    }

    /// Tells `observer` what the tree would tell, from now on. What a crash leaves tells nobody.
    pub fn tell(&self, observer: Arc<dyn Observer>) {
        *self.observer.lock() = Some(observer);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Tables for ModelTables {
    fn applied(&self) -> Sequence {
        self.state().applied
    }

    fn apply(&self, mut changes: Vec<Change>, through: Sequence) -> Result<(), Error> {
        let mut state = self.state();
        check(&changes, through, state.applied)?;
        changes.push(applied_row(through));
        let watermark = state.watermark();
        for Change { key, value } in changes {
            let value_bytes = value.as_ref().map_or(0, |value| value.len());
            state.memtable_bytes += (key.len() + value_bytes) as u64 + ENTRY_BYTES;
            let versions = state.rows.entry(key.clone()).or_default();
            versions.push((through, value));
            prune(versions, watermark);
            if versions.is_empty() {
                state.rows.remove(&key);
            }
        }
        state.applied = through;
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        let state = self.state();
        Ok(state.get(key, state.applied))
    }

    fn view(&self) -> Box<dyn View> {
        let mut state = self.state();
        let at = state.applied;
        *state.views.entry(at).or_default() += 1;
        Box::new(ModelView { state: Arc::clone(&self.state), at })
    }

    fn memtable_bytes(&self) -> u64 {
        self.state().memtable_bytes
    }

    fn sealed(&self) -> Sealed {
        let state = self.state();
        Sealed {
            count: state.sealed.len() as u64,
            bytes: state.sealed.iter().map(|(_, bytes)| bytes).sum(),
        }
    }

    fn top_runs(&self) -> u64 {
        0
    }

    fn rotate(&self) -> bool {
        let mut state = self.state();
        let bytes = std::mem::take(&mut state.memtable_bytes);
        if bytes > 0 {
            let last = state.applied;
            state.sealed.push_back((last, bytes));
        }
        bytes > 0
    }

    fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        let mut state = self.state();
        if let Some((last, _)) = state.sealed.pop_front_if(|(last, _)| *last <= durable) {
            state.flushed = last;
            state.flushes += 1;
            if let Some(observer) = &*self.observer.lock() {
                observer.event(&Event::Flushed { through: last });
            }
        }
        let more = state.sealed.front().is_some_and(|(last, _)| *last <= durable);
        Ok(Flush { through: state.flushed, more })
    }

    fn flushed(&self) -> Sequence {
        self.state().flushed
    }

    fn compact(&self) -> Result<bool, Error> {
        Ok(false)
    }

    fn maintain(&self) {
        let mut state = self.state();
        let watermark = state.watermark();
        state.rows.retain(|_, versions| {
            prune(versions, watermark);
            !versions.is_empty()
        });
    }

    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        let mut state = self.state();
        let dead = state.on_disk(from, to)?;
        for key in &dead {
            state.rows.remove(key);
        }
        Ok(!dead.is_empty())
    }

    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        Ok(!self.state().on_disk(from, to)?.is_empty())
    }

    fn stats(&self) -> Stats {
        let sealed = self.sealed();
        let state = self.state();
        Stats {
            levels: vec![Level::default()],
            entries: state.rows.values().map(|versions| versions.len() as u64).sum(),
            memtable_bytes: state.memtable_bytes,
            sealed: sealed.count,
            sealed_bytes: sealed.bytes,
            views: state.views.values().sum(),
            flushes: state.flushes,
            ..Stats::default()
        }
    }
}

#[derive(Debug)]
struct ModelView {
    state: Arc<Mutex<State>>,
    at: Sequence,
}

impl View for ModelView {
    fn applied(&self) -> Sequence {
        self.at
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        Ok(self.state.lock().get(key, self.at))
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        let rest = span(from, to).map(|(from, to)| (from.map(Value::from), to.map(Value::from)));
        Box::new(ModelRows { view: self, rest })
    }
}

impl Drop for ModelView {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        if let Some(count) = state.views.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                state.views.remove(&self.at);
            }
        }
    }
}

/// A cursor: it looks its next row up each time, so that it holds no lock in between.
struct ModelRows<'a> {
    view: &'a ModelView,
    rest: Option<(Bound<Value>, Bound<Value>)>,
}

impl ModelRows<'_> {
    fn step(&mut self, backwards: bool) -> Option<Result<(Value, Value), Error>> {
        let (from, to) = self.rest.clone()?;
        let range = span(from.as_ref().map(|key| &**key), to.as_ref().map(|key| &**key))?;
        let state = self.view.state.lock();
        let mut rows = state
            .rows
            .range::<[u8], _>(range)
            .filter_map(|(key, versions)| Some((key.clone(), seen(versions, self.view.at)?)));
        let row = if backwards { rows.next_back() } else { rows.next() };
        self.rest = row.as_ref().map(|(key, _)| {
            let passed = Bound::Excluded(key.clone());
            if backwards { (from, passed) } else { (passed, to) }
        });
        row.map(Ok)
    }
}

impl Iterator for ModelRows<'_> {
    type Item = Result<(Value, Value), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(false)
    }
}

impl DoubleEndedIterator for ModelRows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(true)
    }
}

#[cfg(test)]
mod tests;

//! The rows of a tree that no process has open: read without opening it, and so without changing a
//! byte of its directory.
//!
//! Knows nothing of memtables: what was not flushed is in the log.
//!
//! Invariants:
//! 1. A row is seen as its newest version in the tables that the manifest names says, or not at all.
//! 2. A scan has one table of each run open, whatever there is to read.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsm_tree::{Cache, InternalValue, KeyRange, Slice};

use super::guard::{Failure, guarded};
use super::manifest::{Manifest, TableEntry, table_path};
use super::verify::open_table;
use crate::span::span;
use crate::{Error, Value};

/// Blocks kept in memory for all scans.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The tables that a directory's manifest names.
pub struct AtRest {
    dir: PathBuf,
    /// The tables of each run, in the order of their keys.
    runs: Vec<Vec<Found>>,
    cache: Arc<Cache>,
}

/// A table and between which keys its rows are.
struct Found {
    entry: TableEntry,
    keys: KeyRange,
}

impl AtRest {
    /// Reads which tables there are. That they are whole is for [`crate::verify`] to find out.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let manifest = Manifest::read(dir)?;
        let cache = Arc::new(Cache::with_capacity_bytes(CACHE_BYTES));
        let (mut runs, mut last): (Vec<Vec<Found>>, _) = (Vec::new(), None);
        for entry in manifest.map_or_else(Vec::new, |manifest| manifest.tables) {
            let table = open_table(dir, entry, Arc::clone(&cache))
                .map_err(|failure| failure.at("read", &table_path(dir, entry.id)))?;
            let found = Found { entry, keys: table.metadata.key_range.clone() };
            match runs.last_mut() {
                Some(run) if last == Some(entry.run) => run.push(found),
                _ => runs.push(vec![found]),
            }
            last = Some(entry.run);
        }
        for run in &mut runs {
            run.sort_by(|one, other| one.keys.min().cmp(other.keys.min()));
        }
        Ok(Self { dir: dir.to_owned(), runs, cache })
    }

    /// The rows between two keys, in order. After an error there are no more.
    pub fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl Iterator<Item = Result<(Value, Value), Error>> + use<'_> {
        let mut scan = Scan {
            rest: self,
            bounds: (Bound::Unbounded, Bound::Unbounded),
            runs: Vec::new(),
            heads: BinaryHeap::new(),
            last: None,
            state: State::Unread,
        };
        match span(from, to) {
            None => scan.state = State::Ended,
            Some((from, to)) => {
                scan.bounds = (from.map(Slice::from), to.map(Slice::from));
                let within = |found: &&Found| found.keys.overlaps_with_bounds(&(from, to));
                let runs = self.runs.iter().map(|run| Run {
                    waiting: run.iter().filter(within).map(|found| found.entry).collect(),
                    open: None,
                });
                scan.runs = runs.collect();
            }
        }
        scan
    }
}

impl fmt::Debug for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtRest").field("dir", &self.dir).finish_non_exhaustive()
    }
}

type Versions = Box<dyn Iterator<Item = lsm_tree::Result<InternalValue>>>;

/// What is left of a run.
struct Run {
    waiting: VecDeque<TableEntry>,
    open: Option<(u64, Versions)>,
}

/// The next version that a run has.
struct Head {
    version: InternalValue,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.version.key, self.run).cmp(&(&other.version.key, other.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Head {}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unread,
    Reading,
    Ended,
}

/// A merge of all runs, in which the newest version of a row comes first and the others are left out.
struct Scan<'a> {
    rest: &'a AtRest,
    bounds: (Bound<Slice>, Bound<Slice>),
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<Head>>,
    last: Option<Slice>,
    state: State,
}

impl Scan<'_> {
    /// Takes the next version of a run, opening its next table at the end of one.
    fn advance(&mut self, at: usize) -> Result<(), Error> {
        let Some(run) = self.runs.get_mut(at) else { return Ok(()) };
        loop {
            if let Some((id, versions)) = &mut run.open {
                let fail = |failure: Failure| failure.at("read", &table_path(&self.rest.dir, *id));
                if let Some(version) = guarded(|| versions.next().transpose()).map_err(fail)? {
                    self.heads.push(Reverse(Head { version, run: at }));
                    return Ok(());
                }
                run.open = None;
            }
            let Some(entry) = run.waiting.pop_front() else { return Ok(()) };
            let path = table_path(&self.rest.dir, entry.id);
            let fail = |failure: Failure| failure.at("read", &path);
            let table = open_table(&self.rest.dir, entry, Arc::clone(&self.rest.cache));
            let table = table.map_err(fail)?;
            let bounds = self.bounds.clone();
            let versions = guarded(|| Ok(Box::new(table.range(bounds)) as Versions));
            run.open = Some((entry.id, versions.map_err(fail)?));
        }
    }

    fn step(&mut self) -> Result<Option<(Value, Value)>, Error> {
        if self.state == State::Unread {
            self.state = State::Reading;
            (0..self.runs.len()).try_for_each(|run| self.advance(run))?;
        }
        while let Some(Reverse(Head { version, run })) = self.heads.pop() {
            self.advance(run)?;
            let InternalValue { key, value } = version;
            let is_newest = self.last.as_ref() != Some(&key.user_key);
            self.last = Some(key.user_key.clone());
            if is_newest && !key.is_tombstone() {
                return Ok(Some((Value(key.user_key), Value(value))));
            }
        }
        Ok(None)
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<(Value, Value), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Ended {
            return None;
        }
        let row = self.step().transpose();
        if !matches!(row, Some(Ok(_))) {
            self.state = State::Ended;
        }
        row
    }
}

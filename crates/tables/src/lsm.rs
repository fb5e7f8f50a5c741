//! The tables in an lsm-tree on the local disk.
//!
//! `lsm-tree` has no log, and leaves to its user what makes it safe: the numbering of batches, what
//! is visible when, what may be flushed, and the check of its manifest. That is what this module
//! adds; the version of the crate is pinned because it rests on how it works inside.
//!
//! Knows no log: it is told through which commit the log is durable.
//!
//! Invariants:
//! 1. Every batch takes one number from the counter that the tree numbers its own changes with, and
//!    carries the row `applied`. The number becomes visible when all of the batch is in.
//! 2. The memtable is rotated between batches only, by the thread that applies them; so a memtable
//!    holds whole batches, and a flushed one brings its own `applied`.
//! 3. Memtables are flushed in the order in which they were sealed, each only when the log is
//!    durable through its last commit.
//! 4. The locks are taken in this order: flushing, compacting, applier, then those of [`Horizon`],
//!    the sealed list, [`Grave`] and [`Strays`]. Below [`Grave`] the tree's own lock is taken, so never the
//!    other way round; the others are leaves. Who tries for one without waiting may do so in any order.

mod archive;
mod at_rest;
mod background;
mod damage;
mod figures;
mod grave;
mod guard;
mod horizon;
mod manifest;
mod open;
mod pace;
mod reclaim;
mod space;
mod stage;
mod strays;
mod verify;
mod view;
mod writeback;

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Observer, Sequence};
use lsm_tree::compaction::Leveled;
use lsm_tree::{AbstractTree, Cache, InternalValue, Memtable, SequenceNumberCounter, ValueType};
use parking_lot::Mutex;

use self::background::Compactor;
use self::damage::Damage;
use self::figures::Gauges;
use self::grave::Grave;
use self::guard::guarded;
use self::horizon::{Horizon, Snapshot};
use self::pace::Pace;
use self::space::Space;
use self::strays::Strays;
use self::view::LsmView;
use crate::change::{applied_row, check};
use crate::{Cause, Change, Error, Flush, KEY_BYTES_MAX, Sealed, Stats, Tables, Value, View};

pub use self::at_rest::AtRest;
pub use self::verify::{Problem, Report, verify, verify_telling};

/// How the tree is to be set up. The settings hold for one open; none is part of the format.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Blocks kept in memory, in bytes. Filters and indexes that are pinned come on top.
    pub cache_bytes: u64,
    /// Table files kept open.
    pub open_files: usize,
    /// How long a table becomes before compaction begins the next, in bytes. Small tables make
    /// pieces of compaction small, and the pauses at their ends.
    pub table_bytes: u64,
    /// How fast flushes and compactions may go, each, in bytes of rows per second; none is as fast
    /// as they can.
    pub background_bytes_per_second: Option<NonZeroU64>,
    /// Compactions are given up rather than that less of the disk stays free, in bytes.
    pub disk_free_bytes_min: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            open_files: 256,
            table_bytes: 16 * 1024 * 1024,
            background_bytes_per_second: NonZeroU64::new(1024 * 1024 * 1024),
            disk_free_bytes_min: 0,
        }
    }
}

/// What the caller knows of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// A tree was made there before: not to find one is damage.
    Required,
    /// There may be none yet: then an empty one is made.
    Possible,
}

/// Tables in an lsm-tree. One process at a time may have a directory open; the caller holds the
/// lock that sees to it.
pub struct LsmTables {
    tree: Arc<Tree>,
}

/// The memtable that batches go to. It is kept at hand so that a batch does not wait for the lock
/// that the tree holds while it syncs its manifest.
struct Applier {
    active: Arc<Memtable>,
    applied: Sequence,
    /// A batch stopped half-way: nothing may become visible any more.
    interrupted: bool,
}

/// A memtable that waits for a flush.
struct SealedMemtable {
    memtable: Arc<Memtable>,
    last: Sequence,
    bytes: u64,
}

/// Everything behind the tables and their views.
struct Tree {
    dir: PathBuf,
    inner: lsm_tree::Tree,
    counter: SequenceNumberCounter,
    cache: Arc<Cache>,
    strategy: Arc<Leveled>,
    /// How long a table becomes.
    table_bytes: u64,
    /// How large a level may be to be merged as a whole.
    merge_bytes: u64,
    pace: Arc<Pace>,
    /// The lowest number that a table of the next compaction may have.
    next_table: Arc<AtomicU64>,
    space: Arc<Space>,
    observer: Arc<dyn Observer>,
    horizon: Arc<Horizon>,
    applier: Mutex<Applier>,
    sealed: Mutex<VecDeque<SealedMemtable>>,
    flushing: Mutex<()>,
    compacting: Mutex<Compactor>,
    strays: Strays,
    grave: Grave,
    damage: Damage,
    gauges: Gauges,
}

impl LsmTables {
    /// Opens the tree in `dir`, or makes one.
    ///
    /// Checks the manifest, and that each table it names is there and whole at its end, before the
    /// tree reads any of it; removes files that an earlier crash left over. What was applied after
    /// [`Tables::applied`] must be applied again, from the log.
    pub fn open(
        dir: &Path,
        settings: &Settings,
        existing: Existing,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        Tree::open(dir, settings, existing, observer).map(|tree| Self { tree: Arc::new(tree) })
    }

    /// Makes the directory `into`, on the same file system, in which the tables on disk are as they are now,
    /// whatever becomes of them here. It takes their space until it is removed, and is not durable. What has
    /// not been flushed is not in it.
    pub fn stage(&self, into: &Path) -> Result<(), Error> {
        self.tree.stage(into)
    }
}

impl fmt::Debug for LsmTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LsmTables")
            .field("dir", &self.tree.dir)
            .field("applied", &self.applied())
            .field("flushed", &self.flushed())
            .finish_non_exhaustive()
    }
}

impl Tree {
    fn read(&self, key: &[u8], snapshot: &Snapshot) -> Result<Option<Value>, Error> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        guarded(|| self.inner.get(key, snapshot.at))
            .map(|value| value.map(Value))
            .map_err(|failure| self.damage.of_key(self, failure, key))
    }

    /// A copy of what the tree consists of now, whose type the tree does not name.
    fn version(&self) -> Result<Box<dyn Any + Send>, Error> {
        guarded(|| Ok(Box::new(self.inner.current_version()) as Box<dyn Any + Send>))
            .map_err(|failure| failure.at("read the state of", &self.dir))
    }
}

/// Puts one change into a memtable; what the memtable takes in memory then.
fn insert(memtable: &Memtable, Change { key, value }: Change, batch: u64) -> u64 {
    let (_, bytes) = memtable.insert(match value {
        Some(value) => InternalValue::from_components(key.0, value.0, batch, ValueType::Value),
        None => InternalValue::new_tombstone(key.0, batch),
    });
    bytes
}

impl Tables for LsmTables {
    fn applied(&self) -> Sequence {
        self.tree.applied()
    }

    fn apply(&self, changes: Vec<Change>, through: Sequence) -> Result<(), Error> {
        let tree = &*self.tree;
        let mut applier = tree.applier.lock();
        if applier.interrupted {
            return Err(Error::Interrupted);
        }
        check(&changes, through, applier.applied)?;
        let active = Arc::clone(&applier.active);
        let inserted = guarded(|| {
            let batch = tree.counter.next();
            for change in changes {
                insert(&active, change, batch);
            }
            Ok((batch, insert(&active, applied_row(through), batch)))
        });
        let Ok((batch, bytes)) = inserted else {
            applier.interrupted = true;
            return Err(Error::Interrupted);
        };
        applier.applied = through;
        tree.gauges.memtable_bytes.store(bytes, Ordering::Relaxed);
        tree.horizon.publish(batch + 1, through);
        tree.gauges.applied.store(through.0, Ordering::Release);
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.tree.read(key, &self.tree.horizon.open())
    }

    fn view(&self) -> Box<dyn View> {
        Box::new(LsmView::new(Arc::clone(&self.tree), self.tree.horizon.open()))
    }

    fn memtable_bytes(&self) -> u64 {
        self.tree.memtable_bytes()
    }

    fn sealed(&self) -> Sealed {
        self.tree.sealed()
    }

    fn top_runs(&self) -> u64 {
        self.tree.top_runs()
    }

    fn space_wanted(&self) -> u64 {
        self.tree.space_wanted()
    }

    fn rotate(&self) -> bool {
        self.tree.rotate()
    }

    fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        self.tree.flush(durable)
    }

    fn flushed(&self) -> Sequence {
        self.tree.flushed()
    }

    fn compact(&self) -> Result<bool, Error> {
        self.tree.compact()
    }

    fn reclaim_space(&self, cause: Cause) -> Result<bool, Error> {
        self.tree.reclaim_space(cause)
    }

    fn maintain(&self) {
        self.tree.maintain();
    }

    fn cease(&self) {
        self.tree.pace.cease();
    }

    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.tree.drop_range(from, to)
    }

    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.tree.is_droppable(from, to)
    }

    fn stats(&self) -> Stats {
        self.tree.stats()
    }
}

#[cfg(test)]
mod tests;

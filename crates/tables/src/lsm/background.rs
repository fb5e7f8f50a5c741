//! Work behind the readers' backs: sealing, flushing, compacting, and cleaning up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Event, Sequence};
use lsm_tree::compaction::PullDown;
use lsm_tree::{AbstractTree, InternalValue, Memtable};

use super::guard::{Failure, guarded};
use super::manifest::{Manifest, tables_dir};
use super::pace::Stride;
use super::space::Purpose;
use super::writeback::Writeback;
use super::{SealedMemtable, Tree};
use crate::span::span;
use crate::{APPLIED_KEY, Error, Flush};

/// A flush is refused when this many runs lie at the top. The manifest counts them in one byte and
/// does not notice when that overflows.
const TOP_RUNS_MAX: u64 = 200;

/// From this many runs at the top on, compaction does not pause, and does not take for an answer that
/// there is nothing to do.
const TOP_RUNS_HURRY: u64 = 12;

/// A piece of compaction between deeper levels takes so many tables, about.
const PIECE_TABLES: u64 = 12;

/// The deepest level.
pub(super) const LEVEL_LAST: u8 = 6;

/// What the compactor remembers.
#[derive(Debug, Default)]
pub(super) struct Compactor {
    /// It met damage when so many flushes had been done. It would choose the same tables again, so
    /// it waits until a flush has given it something else to choose.
    pub(super) stuck_at: Option<u64>,
    /// The last piece of merging for the sake of space may not have been the last of all.
    pub(super) is_reclaiming: bool,
    /// The levels that were cut into small tables for that, and how many flushes had been done then.
    pub(super) cut: BTreeMap<u8, u64>,
    /// Nothing more came of merging for the sake of space when so many flushes had been done and so much was free.
    pub(super) reclaimed_at: Option<(u64, u64)>,
}

/// The newest version of each row. Readers for whom an older one is the newest read the memtable
/// itself: they look at a state of the tree that is older than the table.
fn newest(memtable: &Memtable) -> impl Iterator<Item = InternalValue> + '_ {
    let mut previous: Option<lsm_tree::Slice> = None;
    memtable.iter().filter(move |row| {
        let newest = previous.as_ref() != Some(&row.key.user_key);
        if newest {
            previous = Some(row.key.user_key.clone());
        }
        newest
    })
}

impl Tree {
    pub(super) fn rotate(&self) -> bool {
        let mut applier = self.applier.lock();
        if applier.interrupted {
            // A flush of what came of half a batch would make it part of the commit before.
            return false;
        }
        let rotated = guarded(|| {
            let sealed = self.inner.rotate_memtable();
            Ok((sealed, self.inner.active_memtable()))
        });
        let Ok((sealed, active)) = rotated else {
            // The tree's lock is poisoned. What is applied stays readable as far as it goes, but
            // nothing may be added.
            applier.interrupted = true;
            return false;
        };
        applier.active = active;
        let Some(memtable) = sealed else { return false };
        let bytes = memtable.size();
        let last = applier.applied;
        self.sealed.lock().push_back(SealedMemtable { memtable, last, bytes });
        self.gauges.memtable_bytes.store(0, Ordering::Relaxed);
        self.gauges.sealed.fetch_add(1, Ordering::Relaxed);
        self.gauges.sealed_bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    pub(super) fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        self.try_flush(durable).map_err(|error| self.failed(error))
    }

    fn try_flush(&self, durable: Sequence) -> Result<Flush, Error> {
        self.clean_up();
        let _one_at_a_time = self.flushing.lock();
        let oldest = self.sealed.lock().front().map(|s| (Arc::clone(&s.memtable), s.last));
        let Some((memtable, last)) = oldest.filter(|(_, last)| *last <= durable) else {
            return Ok(Flush { through: self.flushed(), more: false });
        };
        let runs = self.count_top_runs()?;
        if runs >= TOP_RUNS_MAX {
            return Err(Error::Crowded { runs });
        }
        if let Err(failure) = self.write_out(&memtable) {
            return Err(failure.at("flush to the tables of", &self.dir));
        }
        drop(memtable);
        let mut sealed = self.sealed.lock();
        if let Some(SealedMemtable { memtable, bytes, .. }) = sealed.pop_front() {
            self.gauges.sealed.fetch_sub(1, Ordering::Relaxed);
            self.gauges.sealed_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.grave.memtable(memtable);
        }
        let more = sealed.front().is_some_and(|next| next.last <= durable);
        drop(sealed);
        count(&self.gauges.flushes);
        self.gauges.flushed.store(last.0, Ordering::Release);
        self.count_top_runs()?;
        self.observer.event(&Event::Flushed { through: last });
        Ok(Flush { through: last, more })
    }

    /// Writes one memtable to tables and makes them part of the tree. When it returns, they are on
    /// stable storage.
    fn write_out(&self, memtable: &Arc<Memtable>) -> Result<(), Failure> {
        let writeback = Writeback::new(&tables_dir(&self.dir), self.inner.next_table_id());
        let mut stride = Stride::new(&self.pace, writeback);
        let rows = newest(memtable).map(|row| {
            stride.step(row.key.user_key.len() + row.value.len());
            Ok(row)
        });
        let Some((tables, _)) = guarded(|| self.inner.flush_to_tables(rows))? else {
            return Err(Failure::Damage("a memtable with rows gave no table".into()));
        };
        let watermark = self.horizon.watermark();
        guarded(|| self.inner.register_tables(&tables, None, None, &[memtable.id()], watermark))?;
        self.strays.register(tables.iter().map(lsm_tree::Table::id));
        Ok(())
    }

    pub(super) fn compact(&self) -> Result<bool, Error> {
        self.try_compact().map_err(|error| self.failed(error))
    }

    fn try_compact(&self) -> Result<bool, Error> {
        self.clean_up();
        let mut compactor = self.compacting.lock();
        let flushes = self.gauges.flushes.load(Ordering::Relaxed);
        if compactor.stuck_at == Some(flushes) {
            return Ok(false);
        }
        compactor.stuck_at = None;
        self.space.begin(Purpose::Shape)?;
        let runs = self.count_top_runs()?;
        self.pace.hurry(runs >= TOP_RUNS_HURRY);
        let strategy = Arc::clone(&self.strategy);
        let compact = |strategy, watermark| self.inner.compact(strategy, watermark);
        let mut changed = self.change(&mut compactor, |watermark| compact(strategy, watermark))?;
        if !changed && runs >= TOP_RUNS_HURRY {
            let way = PullDown(0, self.way_down()?);
            changed = self.change(&mut compactor, |watermark| compact(Arc::new(way), watermark))?;
        }
        self.compacted(changed)
    }

    /// Notes what came of a compaction, and passes it on.
    pub(super) fn compacted(&self, changed: bool) -> Result<bool, Error> {
        if changed {
            count(&self.gauges.compactions);
            self.observer.event(&Event::Compacted);
        }
        self.count_top_runs()?;
        Ok(changed)
    }

    /// Lets the tree compact; whether that changed anything.
    pub(super) fn change<T>(
        &self,
        compactor: &mut Compactor,
        compact: impl FnOnce(u64) -> lsm_tree::Result<T>,
    ) -> Result<bool, Error> {
        if self.pace.has_ceased() {
            return Ok(false);
        }
        self.next_table.store(self.inner.next_table_id(), Ordering::Relaxed);
        let before = self.tables()?;
        let replaced = self.version()?;
        let watermark = self.horizon.watermark();
        if let Err(failure) = guarded(|| compact(watermark)) {
            if let Some(error) = self.space.given_up() {
                return Err(error);
            }
            if self.pace.has_ceased() && !matches!(failure, Failure::Damage(_)) {
                self.strays.suspect();
                return Ok(false);
            }
            if matches!(failure, Failure::Damage(_)) {
                compactor.stuck_at = Some(self.gauges.flushes.load(Ordering::Relaxed));
            }
            return Err(self.damage.of_compaction(self, failure));
        }
        let after = self.tables()?;
        // A flush at the same time only adds; a compaction always takes something away.
        let changed = !before.is_subset(&after);
        if changed {
            self.strays.register(after.into_iter().map(|(_, table)| table));
            self.grave.version(replaced);
        }
        Ok(changed)
    }

    /// The tables, with the levels that they are on.
    fn tables(&self) -> Result<BTreeSet<(usize, u64)>, Error> {
        guarded(|| {
            let version = self.inner.current_version();
            let mut tables = BTreeSet::new();
            for (number, level) in version.iter_levels().enumerate() {
                let ids = level.iter().flat_map(|run| run.iter()).map(lsm_tree::Table::id);
                tables.extend(ids.map(|id| (number, id)));
            }
            Ok(tables)
        })
        .map_err(|failure| failure.at("read the state of", &self.dir))
    }

    /// Where to merge the top to, when the leveled strategy finds nothing to do although the top is
    /// crowded. It can be that a level is due, outweighs the top, and has no table that fits wholly
    /// over few enough tables of the next level; then it chooses nothing at all, however long one
    /// waits. So: into the first level that has tables, while that is small, or above it.
    fn way_down(&self) -> Result<u8, Error> {
        guarded(|| {
            let version = self.inner.current_version();
            let mut below = (1..).zip(version.iter_levels().skip(1));
            let filled = below.find(|(_, level)| level.table_count() > 0);
            Ok(match filled {
                None => LEVEL_LAST,
                Some((1, _)) => 1,
                Some((number, level)) if level.size() <= self.merge_bytes => number,
                Some((number, _)) => number - 1,
            })
        })
        .map_err(|failure| failure.at("read the state of", &self.dir))
    }

    pub(super) fn count_top_runs(&self) -> Result<u64, Error> {
        let runs = guarded(|| Ok(self.inner.l0_run_count() as u64))
            .map_err(|failure| failure.at("read the state of", &self.dir))?;
        self.gauges.top_runs.store(runs, Ordering::Relaxed);
        self.measure_compaction()?;
        Ok(runs)
    }

    /// Takes note of what the next compaction may take: the top and the level below it merge as a whole,
    /// deeper ones a table at a time, with what lies under it.
    fn measure_compaction(&self) -> Result<(), Error> {
        let levels = guarded(|| {
            let version = self.inner.current_version();
            let mut levels = Vec::new();
            for level in version.iter_levels() {
                levels.push(level.size());
            }
            Ok(levels)
        });
        let levels = levels.map_err(|failure| failure.at("read the state of", &self.dir))?;
        let top = levels.first().copied().unwrap_or(0);
        let below = levels.iter().skip(1).copied().find(|bytes| *bytes > 0).unwrap_or(0);
        let merge = top.saturating_add(below.min(self.merge_bytes));
        let deep = PIECE_TABLES * self.table_bytes;
        let all: u64 = levels.iter().sum();
        self.space.note_compaction(merge.max(deep).min(all));
        Ok(())
    }

    /// Beside the memtables as they are, twice: once for their flush, once for them in the next compaction.
    pub(super) fn space_wanted(&self) -> u64 {
        let memtables = self.memtable_bytes().saturating_add(self.sealed().bytes);
        self.space.note_memtables(memtables);
        memtables.saturating_mul(2).saturating_add(self.space.compaction())
    }

    pub(super) fn maintain(&self) {
        {
            // Nobody is half-way through a batch while this lock is held.
            let applier = self.applier.lock();
            if !applier.interrupted {
                self.horizon.advance(self.counter.get());
            }
        }
        let watermark = self.horizon.watermark();
        let maintained = guarded(|| {
            self.inner.get_version_history_lock().maintenance(&self.dir, watermark)?;
            self.grave.free(|| self.inner.version_free_list_len());
            Ok(())
        });
        if let Err(failure) = maintained {
            self.failed(failure.at("remove old versions of", &self.dir));
        }
        self.clean_up();
    }

    pub(super) fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        if from <= APPLIED_KEY && APPLIED_KEY < to {
            return Err(Error::Reserved);
        }
        guarded(|| {
            let version = self.inner.current_version();
            let mut ranges = version.iter_tables().map(|table| &table.metadata.key_range);
            Ok(ranges.any(|keys| **keys.min() >= *from && **keys.max() < *to))
        })
        .map_err(|failure| failure.at("read the state of", &self.dir))
    }

    pub(super) fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        let Some(_no_compaction) = self.compacting.try_lock() else { return Ok(false) };
        if !self.is_droppable(from, to)? {
            return Ok(false);
        }
        let Some(range) = span(Bound::Included(from), Bound::Excluded(to)) else {
            return Ok(false);
        };
        let replaced = self.version()?;
        guarded(|| self.inner.drop_range::<&[u8], _>(range))
            .map_err(|failure| self.failed(failure.at("drop tables of", &self.dir)))?;
        self.grave.version(replaced);
        Ok(!self.is_droppable(from, to)?)
    }

    /// Notes and tells that background work failed.
    pub(super) fn failed(&self, error: Error) -> Error {
        count(&self.gauges.failures);
        self.strays.suspect();
        self.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
        error
    }

    /// After a failure, and when nobody writes tables: removes what it left.
    fn clean_up(&self) {
        if !self.strays.suspected() {
            return;
        }
        let (Some(_flushing), Some(_compacting)) =
            (self.flushing.try_lock(), self.compacting.try_lock())
        else {
            return;
        };
        let cleaned = self.settle_manifest().and_then(|()| self.strays.sweep(&self.dir));
        if let Err(error) = cleaned {
            self.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
        }
    }

    /// A change of the tables may fail after `current` was renamed to point at it. The tree would
    /// give its next change the same number and write over the file that `current` points at, and a
    /// crash then would leave no manifest. So `current` is put back to what the tree believes.
    fn settle_manifest(&self) -> Result<(), Error> {
        let believed = guarded(|| Ok(self.inner.current_version().id()))
            .map_err(|failure| failure.at("read the state of", &self.dir))?;
        if Manifest::pointed_at(&self.dir)? == Some(believed) {
            return Ok(());
        }
        Manifest::point_at(&self.dir, believed)
    }
}

fn count(gauge: &AtomicU64) {
    gauge.fetch_add(1, Ordering::Relaxed);
}

//! Merging for the sake of space: what was removed gives it back only when its marker of deletion has met it.
//!
//! What lies above the deepest level is let down to it a piece at a time, deeper levels first. A piece takes about
//! as much of the disk for a while as its tables take, however large the store is, and what reaches the deepest level
//! gives back what it meets there; so a disk comes free that has no room for what is left a second time.
//!
//! Invariant: while nothing is flushed, the pieces come to an end: each moves rows down, and a level is cut once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lsm_tree::compaction::{CompactionStrategy, Leveled, MoveDown, PullDown};
use lsm_tree::{AbstractTree, Table, UserKey};

use super::Tree;
use super::background::{Compactor, LEVEL_LAST};
use super::guard::{Failure, guarded};
use super::space::Purpose;
use crate::{APPLIED_KEY, Cause, Error, Level, Stats};

/// It is begun where at least one entry in so many is a marker of deletion: where there is room, and where there is
/// none. Then it goes on to where one in so many is.
const DEAD_SHARE: u64 = 10;
const DEAD_SHARE_SHORT: u64 = 20;
const DEAD_SHARE_LEFT: u64 = 100;

/// A store that rests does not merge more than this at once.
const REST_MERGE_BYTES_MAX: u64 = 256 << 20;

/// Tables that are written for this are at most such a part of all. What lies above the deepest level is cut into as
/// many as that has, so that each lies over little of it.
const PIECE_SHARE: u64 = 32;

/// Where a piece would be larger than this, what lies above the deepest level is cut, once.
const PIECE_BYTES_MAX: u64 = 128 << 20;

/// No tables are cut smaller than this, and nothing into more than so many.
const CUT_BYTES_MIN: u64 = 4096;
const CUTS_MAX: u64 = 1024;

/// A level that has tables is cut with the help of so many runs at most.
const CROWD_MAX: u64 = 24;

/// Of the rows that such runs are made of, none is larger than this, and so many are looked at for that.
const CROWD_ROW_BYTES: usize = 1024;
const CROWD_ROWS_TRIED: usize = 256;

impl Tree {
    pub(super) fn reclaim_space(&self, cause: Cause) -> Result<bool, Error> {
        self.try_reclaim_space(cause).map_err(|error| self.failed(error))
    }

    fn try_reclaim_space(&self, cause: Cause) -> Result<bool, Error> {
        let mut compactor = self.compacting.lock();
        let flushes = self.gauges.flushes.load(Ordering::Relaxed);
        let free = self.space.free();
        // A little more room is no reason to try again: others on this disk come and go.
        let in_vain = compactor
            .reclaimed_at
            .is_some_and(|(at, had)| at == flushes && free <= had.saturating_add(had / 16));
        if in_vain || compactor.stuck_at == Some(flushes) {
            return Ok(false);
        }
        let stats = self.stats();
        let least = if cause == Cause::Shortage { DEAD_SHARE_SHORT } else { DEAD_SHARE };
        let share =
            if std::mem::take(&mut compactor.is_reclaiming) { DEAD_SHARE_LEFT } else { least };
        let has_one_in = |share| stats.tombstones.saturating_mul(share) >= stats.entries.max(1);
        if !has_one_in(share) || !self.allows(cause, &stats) {
            return Ok(false);
        }
        self.pace.hurry(cause == Cause::Shortage);
        match self.let_down(&mut compactor, &stats) {
            Ok(true) => {
                compactor.is_reclaiming = true;
                return self.compacted(true);
            }
            // Where much is dead, less may be left of everything than of a piece.
            Ok(false) | Err(Error::NoRoom { .. }) => {}
            Err(error) => return Err(error),
        }
        compactor.reclaimed_at = Some((flushes, free));
        // As many rows are dead as there are markers, about, and both go.
        let dead = 2 * u128::from(stats.tombstones) * u128::from(stats.bytes)
            / u128::from(stats.entries.max(1));
        let left = stats.bytes.saturating_sub(u64::try_from(dead).unwrap_or(u64::MAX));
        let fits = match cause {
            Cause::Rest => stats.bytes <= REST_MERGE_BYTES_MAX,
            Cause::Shortage => self.space.has_beyond(left / 2),
        };
        if !has_one_in(least) || !fits {
            return Ok(false);
        }
        self.space.begin(Purpose::Space)?;
        let merge = |watermark| self.inner.major_compact(self.table_bytes, watermark);
        let changed = self.change(&mut compactor, merge)?;
        self.compacted(changed)
    }

    /// Merges one piece with what it lies over, or moves it where it lies over nothing; false if nothing can be
    /// chosen, which is so where all is at the deepest level but for what sticks out of it.
    fn let_down(&self, compactor: &mut Compactor, stats: &Stats) -> Result<bool, Error> {
        self.space.begin(Purpose::Space)?;
        let Some((_, [top, between @ ..])) = stats.levels.split_last() else { return Ok(false) };
        let mut filled = (1_u8..).zip(between).filter(|(_, level)| level.tables > 0);
        let (first, last) = (filled.clone().next(), filled.clone().last());
        if let Some((number, _)) = last.filter(|(number, _)| *number < LEVEL_LAST - 1) {
            return self.compact_by(compactor, MoveDown(number, LEVEL_LAST - 1));
        }
        let table_bytes = self.table_bytes.min(stats.bytes / PIECE_SHARE).max(CUT_BYTES_MIN);
        let strategy = Leveled::default().with_table_target_size(table_bytes);
        let is_cut =
            |compactor: &Compactor, number| compactor.cut.get(&number) == Some(&stats.flushes);
        let fits = |bytes| bytes <= PIECE_BYTES_MAX || is_cut(compactor, LEVEL_LAST - 1);
        if self.smallest_piece()?.is_some_and(|bytes| fits(bytes) && self.space.has_beyond(bytes)) {
            // Where a level may hold nothing, the strategy chooses from the deepest that does.
            if self.compact_by(compactor, strategy.clone().with_l0_threshold(0))? {
                return Ok(true);
            }
        }
        // What is left there sticks out, or each of its tables lies over too much: they are to be smaller. What is
        // merged with the top is cut.
        let (number, first) = first.map_or((0, Level::default()), |(at, level)| (at, *level));
        let above = top.bytes + between.iter().map(|level| level.bytes).sum::<u64>();
        let pieces = (stats.bytes / table_bytes).max(1);
        let cut = (above / pieces).clamp(CUT_BYTES_MIN, table_bytes);
        let cut = cut.max(above / CUTS_MAX).max(first.bytes / CROWD_MAX);
        let is_coarse = first.bytes > 2 * cut * first.tables && !is_cut(compactor, number);
        let is_crowded = (is_coarse || first.tables == 0 && top.tables > 0)
            && self.space.has_beyond(top.bytes + first.bytes)
            && self
                .crowd_top(first.bytes / cut + 2, number)
                .map_err(|failure| failure.at("divide the tables of", &self.dir))?;
        // The strategy chooses the top where that has more runs than the level that it goes to could have of such
        // tables, and else that level; any other may have as much as it likes.
        let strategy = strategy.with_table_target_size(cut).with_l0_threshold(1);
        if self.compact_by(compactor, strategy.with_level_ratio_policy(vec![f32::MAX]))? {
            if is_crowded {
                compactor.cut.insert(number, stats.flushes);
            }
            return Ok(true);
        }
        // What sticks out of one level goes into it, so that the next is the first that is cut.
        match (filled.next(), filled.next()) {
            (Some((number, _)), Some((next, level)))
                if self.space.has_beyond(first.bytes + level.bytes) =>
            {
                self.compact_by(compactor, PullDown(number, next))
            }
            _ => Ok(false),
        }
    }

    /// Sees to it that there are so many runs at the top, which together lie over all of a level, by runs of two rows
    /// as they are there already; whether there are. There are not where a flush is under way, or the process is to
    /// end, or no row will do.
    pub(super) fn crowd_top(&self, runs: u64, level: u8) -> Result<bool, Failure> {
        // A flush brings newer rows, which must not come to lie below. Whoever waits for this lock may hold others.
        let Some(_no_flush) = self.flushing.try_lock() else { return Ok(false) };
        guarded(|| {
            let version = self.inner.current_version();
            let newest = |key: &UserKey| {
                let mut runs = version.iter_levels().flat_map(|level| level.iter());
                runs.find_map(|run| run.get_for_key(key)?.range(key.clone()..=key.clone()).next())
            };
            let mut rows = BTreeMap::new();
            if let Some(row) = newest(&APPLIED_KEY.into()).transpose()? {
                rows.insert(row.key.user_key.clone(), row);
            }
            let run =
                version.level(usize::from(level)).and_then(|level| level.first_run().cloned());
            if let Some(table) = run.as_ref().and_then(|run| run.last()) {
                for row in table.iter().take(CROWD_ROWS_TRIED) {
                    let key = row?.key.user_key;
                    let row = if *key == *APPLIED_KEY { None } else { newest(&key).transpose()? };
                    if let Some(row) = row.filter(|row| row.value.len() <= CROWD_ROW_BYTES) {
                        rows.insert(row.key.user_key.clone(), row);
                        break;
                    }
                }
            }
            if rows.is_empty() || rows.len() < 2 && run.is_some_and(|run| run.len() > 1) {
                return Ok(false);
            }
            for _ in version.l0().run_count() as u64..runs {
                if self.pace.has_ceased() {
                    return Ok(false);
                }
                let rows = rows.values().cloned().map(Ok);
                let Some((tables, _)) = self.inner.flush_to_tables(rows)? else { return Ok(false) };
                self.inner.register_tables(&tables, None, None, &[], self.horizon.watermark())?;
                self.strays.register(tables.iter().map(Table::id));
            }
            Ok(true)
        })
    }

    fn compact_by(
        &self,
        compactor: &mut Compactor,
        strategy: impl CompactionStrategy + 'static,
    ) -> Result<bool, Error> {
        let strategy = Arc::new(strategy);
        self.change(compactor, |watermark| self.inner.compact(strategy, watermark))
    }

    /// What the smallest piece takes that may be chosen above the deepest level, in bytes: a table, and of those below
    /// as many as it takes to cover it. None if all stick out.
    fn smallest_piece(&self) -> Result<Option<u64>, Error> {
        guarded(|| {
            let version = self.inner.current_version();
            let run = |number| version.level(number).and_then(|level| level.first_run().cloned());
            let (Some(above), below) =
                (run(usize::from(LEVEL_LAST) - 1), run(usize::from(LEVEL_LAST)))
            else {
                return Ok(None);
            };
            let below = below.as_ref().map_or(&[][..], |run| run);
            let piece = |table: &Table| {
                let keys = &table.metadata.key_range;
                let is_before = |under: &Table| under.metadata.key_range.max() < keys.min();
                let begins = |under: &Table| under.metadata.key_range.min() <= keys.max();
                let mut start = below.partition_point(is_before);
                let mut end = below.partition_point(begins);
                if start >= end {
                    return Some(0);
                }
                if below.get(start)?.metadata.key_range.min() > keys.min() {
                    start = start.checked_sub(1)?;
                }
                if below.get(end - 1)?.metadata.key_range.max() < keys.max() {
                    end += 1;
                }
                let under = below.get(start..end)?.iter().map(|under| under.metadata.file_size);
                Some(under.sum::<u64>() + table.metadata.file_size)
            };
            Ok(above.iter().filter_map(piece).min())
        })
        .map_err(|failure| failure.at("read the state of", &self.dir))
    }

    /// A store that rests does this only where that leaves as much room as before for what is written, and
    /// does not merge into what is damaged, over and over.
    fn allows(&self, cause: Cause, stats: &Stats) -> bool {
        let piece = self.space_wanted().saturating_add(stats.bytes.min(REST_MERGE_BYTES_MAX));
        cause == Cause::Shortage
            || stats.damaged.is_empty() && self.space.has_beyond(piece.saturating_mul(2))
    }
}

//! Puts what is written into the tables: everything that has gathered, the last value of each row, as
//! one batch. Replay after a crash goes the same way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Event, Kind, Monotonic};
use log::Group;

use crate::error::Error;
use crate::fold::Fold;
use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};
use crate::workers::REST_TIME;

/// At most this many bytes of groups become one batch, and no more than the memtable has room for, but for
/// the first: memory has to hold a batch twice, as groups and as rows, and then all of the memtable.
const BATCH_BYTES: usize = 128 << 20;

/// More sealed memtables than this, and the applier waits for the flusher.
const SEALED_MAX: u64 = 2;

/// More unmerged runs of tables than this, and the applier waits for the compactor.
const TOP_RUNS_MAX: u64 = 32;

/// Tombstones cleared in one step: more than one batch of commits can add.
const TOMBSTONES: usize = 1 << 20;

/// While the log lacks space, the memtable is sealed above this many bytes.
const SHORT_BYTES: u64 = 1 << 20;

/// And after this long whatever is in it: removals give space back only once they are in tables.
const SHORT_TIME: Duration = Duration::from_secs(2);

/// A store that rests seals a memtable of at least so many bytes, so that what was removed can give its space back,
/// and the next start has less to replay. What comes in drops would make a table of each.
const REST_BYTES: u64 = 1 << 20;

/// The backlog gathers for at most this long.
const GATHER_TIME: Duration = Duration::from_secs(5);

/// With an empty backlog it looks again after this long.
const IDLE: Duration = Duration::from_millis(100);

/// What failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Applier {
    shard: Arc<Shard>,
    /// Taken from the backlog; they stay here until they are in the tables.
    groups: Vec<Group>,
    /// Since when something has been in the backlog.
    since: Option<Monotonic>,
    /// When the memtable was sealed last.
    sealed_at: Monotonic,
    /// When something was applied last, or it was stepped first.
    applied_at: Option<Monotonic>,
}

impl Applier {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self {
            shard,
            groups: Vec::new(),
            since: None,
            sealed_at: Monotonic::ZERO,
            applied_at: None,
        }
    }

    /// Until when the backlog may gather: a row that is overwritten meanwhile goes to the tables once.
    fn may_wait(&mut self, now: Monotonic) -> Option<Monotonic> {
        let bytes = self.shard.backlog.bytes.load(Ordering::Relaxed);
        if bytes == 0 {
            self.since = None;
            return Some(now + IDLE);
        }
        let until = *self.since.get_or_insert(now) + GATHER_TIME;
        let is_urgent = bytes >= self.shard.settings.gather_bytes
            || self.shard.watermarks.is_demanded(Level::Applied);
        if is_urgent || now >= until {
            self.since = None;
            return None;
        }
        Some(until)
    }

    /// Takes what has gathered, unless something taken before is yet to be applied.
    fn gather(&mut self) {
        if !self.groups.is_empty() {
            return;
        }
        let shard = &*self.shard;
        let room = shard.settings.memtable_bytes.saturating_sub(shard.tables.memtable_bytes());
        let bytes_max = usize::try_from(room).unwrap_or(usize::MAX).min(BATCH_BYTES);
        let mut backlog = shard.backlog.groups.lock();
        let mut bytes = 0;
        let fits = |group: &&Group| {
            bytes += group.bytes();
            bytes <= bytes_max
        };
        let count = backlog.iter().take_while(fits).count().max(1).min(backlog.len());
        self.groups.extend(backlog.drain(..count));
    }

    fn apply(&mut self) -> Result<(), Error> {
        let Some(last) = self.groups.last().map(Group::last) else { return Ok(()) };
        let shard = &*self.shard;
        if last > shard.tables.applied() {
            let mut fold = Fold::new(shard.settings.hash_seed);
            for group in &self.groups {
                fold.add(group.records())?;
            }
            fold.apply(&*shard.tables, last)?;
        }
        shard.watermarks.advance(Level::Applied, last);
        let bytes = self.groups.iter().map(Group::bytes).sum();
        shard.backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.groups.drain(..).for_each(|group| shard.queue.give_back(group));
        Ok(())
    }

    /// Seals the memtable when it is large, when much log would have to be replayed, or when nothing comes.
    fn seal(&mut self, now: Monotonic) {
        let shard = &*self.shard;
        let large = shard.tables.memtable_bytes() >= shard.settings.memtable_bytes;
        let long =
            || shard.log.bytes_after(shard.tables.flushed()) >= shard.settings.replay_bytes / 2;
        // What is in tables on disk lets the log go, which is where space comes back from.
        // A little at a time makes many runs of tables, and too many would hold the applier up.
        let may_be_little =
            now >= self.sealed_at + SHORT_TIME && shard.tables.top_runs() < TOP_RUNS_MAX;
        let bytes_min = if may_be_little { 0 } else { SHORT_BYTES };
        let short = shard.log.room().exhausted && shard.tables.memtable_bytes() > bytes_min;
        let resting = now >= *self.applied_at.get_or_insert(now) + REST_TIME
            && shard.tables.memtable_bytes() >= REST_BYTES;
        if shard.tables.sealed().count < SEALED_MAX
            && (large || short || resting || long())
            && shard.tables.rotate()
        {
            self.sealed_at = now;
            shard.flushing.raise();
        }
    }
}

impl Worker for Applier {
    fn name(&self) -> &'static str {
        "applier"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = Arc::clone(&self.shard);
        if shard.watermarks.is_poisoned() {
            // What is missing in the tables is in the log: going on would leave a hole between.
            return Next::At(now + BACK_OFF);
        }
        let more = shard.clear_tombstones(TOMBSTONES);
        let full = shard.tables.sealed().count >= SEALED_MAX
            && shard.tables.memtable_bytes() >= shard.settings.memtable_bytes;
        if full || shard.tables.top_runs() > TOP_RUNS_MAX {
            return Next::At(now + Duration::from_millis(5));
        }
        // Also where nothing comes any more: a full disk may wait for what is in memory.
        self.seal(now);
        if let Some(later) = self.may_wait(now) {
            return if more { Next::Again } else { Next::At(later) };
        }
        self.gather();
        if self.groups.is_empty() {
            return Next::At(now + IDLE);
        }
        match self.apply() {
            Ok(()) => self.applied_at = Some(now),
            Err(error @ Error::Tables(_)) if error.kind() != Kind::Closed => {
                // A block that cannot be read, say: nothing was applied, and nothing is lost by waiting.
                shard.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
                return Next::At(now + BACK_OFF);
            }
            Err(error) => {
                shard.poison(&error);
                return Next::At(now + BACK_OFF);
            }
        }
        self.seal(now);
        Next::Again
    }

    fn gives_way(&self) -> bool {
        true
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.watermarks.tables_work))
    }
}

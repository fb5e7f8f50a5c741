//! Puts what is written into the tables: everything that has gathered, the last value of each row, as
//! one batch. Replay after a crash goes the same way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Event, Kind, Monotonic, Sequence};
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

/// From so many unmerged runs of tables on, the applier takes its time, the more of them the longer. So those who
/// write slow down to what the compactor keeps up with, each a little, and none waits for a merge to end.
const MANY_RUNS: u64 = 16;

/// More than this, and the applier waits for the compactor.
const TOP_RUNS_MAX: u64 = 96;

/// Where there are so many, a memtable is filled in no less than this.
const FILL_TIME_MAX: Duration = Duration::from_secs(8);

/// While it takes its time, a batch is no larger than this: who waits for room in the backlog gets some soon.
const SLOW_BATCH_BYTES: usize = 4 << 20;

/// More runs than this, and a full disk has no little memtable sealed.
const LITTLE_RUNS_MAX: u64 = 32;

/// Tombstones cleared in one step: more than one batch of commits can add.
const TOMBSTONES: usize = 1 << 20;

/// Of the log that may have to be replayed, a memtable that is sealed for its sake holds at least one part in so many.
const SEALED_SHARE: u64 = 8;

/// While the log lacks space, the memtable is sealed above this many bytes.
const SHORT_BYTES: u64 = 1 << 20;

/// And after this long whatever is in it: removals give space back only once they are in tables.
const SHORT_TIME: Duration = Duration::from_secs(2);

/// A store that rests seals a memtable of at least so many bytes, so that what was removed can give its space back,
/// and the next start has less to replay. What comes in drops would make a table of each.
const REST_BYTES: u64 = 64 << 10;

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
    /// The last commit in it then.
    sealed_through: Sequence,
    /// When something was applied last, or it was stepped first.
    applied_at: Option<Monotonic>,
    /// Until when it takes its time.
    slow_until: Monotonic,
}

impl Applier {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self {
            shard,
            groups: Vec::new(),
            since: None,
            sealed_at: Monotonic::ZERO,
            sealed_through: Sequence::ZERO,
            applied_at: None,
            slow_until: Monotonic::ZERO,
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
        let is_slow = shard.tables.top_runs() >= MANY_RUNS;
        let batch = if is_slow { SLOW_BATCH_BYTES } else { BATCH_BYTES };
        let bytes_max = usize::try_from(room).unwrap_or(usize::MAX).min(batch);
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
        // A group without commits names the sequence before the next one, which after an unclean stop no commit has:
        // tables that were applied so far would vouch for what never was.
        let commits = self.groups.iter().rfind(|group| group.has_commits()).map(Group::last);
        if let Some(last) = commits.filter(|last| *last > shard.tables.applied()) {
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

    /// Whether so much log is behind the tables on disk that some had better go, and the memtable holds a good part
    /// of it: what is not applied yet stays, however often one seals.
    fn is_much_to_replay(&self) -> bool {
        let (log, tables) = (&*self.shard.log, &*self.shard.tables);
        let (flushed, most) = (tables.flushed(), self.shard.settings.replay_bytes);
        let in_memtable = || {
            let since_sealed = log.bytes_after(self.sealed_through.max(flushed));
            since_sealed.saturating_sub(log.bytes_after(tables.applied()))
        };
        log.bytes_after(flushed) >= most / 2 && in_memtable() >= most / SEALED_SHARE
    }

    /// Whether the memtable holds what somebody wants on disk, and nothing of that is to come.
    fn is_wanted(&self) -> bool {
        let wanted = Sequence(self.shard.wanted_on_disk.load(Ordering::Relaxed));
        let tables = &*self.shard.tables;
        wanted > self.sealed_through.max(tables.flushed()) && wanted <= tables.applied()
    }

    /// Seals the memtable when it is large, when it is wanted on disk, when much log would have to be replayed, or when
    /// nothing comes.
    fn seal(&mut self, now: Monotonic) {
        let shard = &*self.shard;
        let large = shard.tables.memtable_bytes() >= shard.settings.memtable_bytes;
        // What is in tables on disk lets the log go, which is where space comes back from.
        // A little at a time makes many runs of tables, and too many would hold the applier up.
        let may_be_little =
            now >= self.sealed_at + SHORT_TIME && shard.tables.top_runs() < LITTLE_RUNS_MAX;
        let bytes_min = if may_be_little { 0 } else { SHORT_BYTES };
        let short = shard.log.room().exhausted && shard.tables.memtable_bytes() > bytes_min;
        let resting = now >= *self.applied_at.get_or_insert(now) + REST_TIME
            && shard.tables.memtable_bytes() >= REST_BYTES;
        if shard.tables.sealed().count < SEALED_MAX
            && (large || short || resting || self.is_wanted() || self.is_much_to_replay())
            && shard.tables.rotate()
        {
            self.sealed_at = now;
            self.sealed_through = shard.tables.applied();
            shard.flushing.raise();
        }
    }
}

/// How long so many bytes of a memtable are to take.
fn time_for(bytes: u64, memtable_bytes: u64, runs: u64) -> Duration {
    let over = runs.saturating_sub(MANY_RUNS).min(TOP_RUNS_MAX - MANY_RUNS);
    #[expect(clippy::cast_precision_loss, reason = "shares, where a few bytes do not matter")]
    let (crowd, part) = (
        over as f64 / (TOP_RUNS_MAX - MANY_RUNS) as f64,
        (bytes as f64 / memtable_bytes.max(1) as f64).min(1.0),
    );
    FILL_TIME_MAX.mul_f64(crowd * crowd * part)
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
        if now < self.slow_until {
            return if more { Next::Again } else { Next::At(self.slow_until) };
        }
        if let Some(later) = self.may_wait(now) {
            return if more { Next::Again } else { Next::At(later) };
        }
        self.gather();
        if self.groups.is_empty() {
            return Next::At(now + IDLE);
        }
        let before = shard.tables.memtable_bytes();
        match self.apply() {
            Ok(()) => {
                self.applied_at = Some(now);
                let added = shard.tables.memtable_bytes().saturating_sub(before);
                let runs = shard.tables.top_runs();
                self.slow_until = now + time_for(added, shard.settings.memtable_bytes, runs);
            }
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

#[cfg(test)]
mod tests;

//! Puts what is written into the tables: everything that has gathered, the last value of each row, as
//! one batch. Replay after a crash goes the same way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::codec::Malformed;
use base::{Event, Kind, Monotonic, Sequence};
use log::Group;
use log::record::{Change, Record, Records};
use tables::Tables;

use crate::error::Error;
use crate::key;
use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

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

/// The backlog gathers for at most this long.
const GATHER_TIME: Duration = Duration::from_secs(5);

/// With an empty backlog it looks again after this long.
const IDLE: Duration = Duration::from_millis(100);

/// What failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What becomes of a row over many commits.
enum Row<'a> {
    Put(Sequence, &'a [u8]),
    Removed,
    /// Grows what the tables hold.
    Grown(i64),
    /// Grows this number.
    Number(i64),
}

/// Commits folded into one change a row, in the order of keys.
#[derive(Default)]
pub(crate) struct Fold<'a> {
    rows: HashMap<&'a [u8], Row<'a>, foldhash::fast::FixedState>,
}

const DAMAGED: Error = Error::Damaged { what: "a commit in the log" };

impl<'a> Fold<'a> {
    /// Adds the commits of one group; they follow those added before.
    pub(crate) fn add(&mut self, records: Records<'a>) -> Result<(), Error> {
        for record in records {
            let record = record.map_err(|Malformed { .. }| DAMAGED)?;
            let Record::Commit { sequence, changes, .. } = record else { continue };
            for change in changes {
                self.add_change(sequence, change.map_err(|Malformed { .. }| DAMAGED)?);
            }
        }
        Ok(())
    }

    fn add_change(&mut self, sequence: Sequence, change: Change<'a>) {
        match change {
            Change::Put { key, value } => self.rows.insert(key, Row::Put(sequence, value)),
            Change::Remove { key } => self.rows.insert(key, Row::Removed),
            Change::Add { key, delta } => {
                let row = match self.rows.get(key) {
                    None => Row::Grown(delta),
                    Some(Row::Grown(before)) => Row::Grown(before + delta),
                    Some(Row::Number(before)) => Row::Number(before + delta),
                    Some(Row::Put(_, value)) => {
                        Row::Number(parse_number(value).unwrap_or(0) + delta)
                    }
                    Some(Row::Removed) => Row::Number(delta),
                };
                self.rows.insert(key, row)
            }
        };
    }

    /// Makes it one batch that ends with `through`.
    pub(crate) fn apply(self, tables: &dyn Tables, through: Sequence) -> Result<(), Error> {
        let mut rows: Vec<_> = self.rows.into_iter().collect();
        rows.sort_unstable_by_key(|row| row.0);
        let mut changes = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            changes.push(match row {
                Row::Removed => tables::Change::remove(key),
                Row::Put(sequence, value) if key.first() == Some(&key::HEADER) => {
                    tables::Change::put(key, [&sequence.0.to_le_bytes(), value].concat())
                }
                Row::Put(_, value) => tables::Change::put(key, value),
                Row::Number(number) => tables::Change::put(key, &number.to_le_bytes()),
                Row::Grown(delta) => {
                    let row = tables.get(key).map_err(Error::Tables)?;
                    let number = row.map_or(Some(0), |row| parse_number(&row));
                    let number =
                        number.ok_or(Error::Damaged { what: "a row that counts" })? + delta;
                    tables::Change::put(key, &number.to_le_bytes())
                }
            });
        }
        tables.apply(changes, through).map_err(Error::Tables)
    }
}

fn parse_number(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_le_bytes)
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Applier {
    shard: Arc<Shard>,
    /// Taken from the backlog; they stay here until they are in the tables.
    groups: Vec<Group>,
    /// Since when something has been in the backlog.
    since: Option<Monotonic>,
}

impl Applier {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, groups: Vec::new(), since: None }
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
        let groups = &self.groups;
        let Some(last) = groups.last() else { return Ok(()) };
        let mut fold = Fold::default();
        for group in groups {
            fold.add(group.records())?;
        }
        let shard = &*self.shard;
        if last.last() > shard.tables.applied() {
            fold.apply(&*shard.tables, last.last())?;
        }
        shard.watermarks.advance(Level::Applied, last.last());
        let bytes = groups.iter().map(Group::bytes).sum();
        shard.backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.groups.drain(..).for_each(|group| shard.queue.give_back(group));
        Ok(())
    }

    /// Seals the memtable when it is large, or when much log would have to be replayed.
    fn seal(&self) {
        let shard = &*self.shard;
        let large = shard.tables.memtable_bytes() >= shard.settings.memtable_bytes;
        let long =
            || shard.log.bytes_after(shard.tables.flushed()) >= shard.settings.replay_bytes / 2;
        // What is in tables on disk lets the log go, which is where space comes back from.
        let short = shard.log.room().exhausted && shard.tables.memtable_bytes() > SHORT_BYTES;
        if shard.tables.sealed().count < SEALED_MAX && (large || short || long()) {
            shard.tables.rotate();
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
        if let Some(later) = self.may_wait(now) {
            return if more { Next::Again } else { Next::At(later) };
        }
        self.gather();
        if self.groups.is_empty() {
            return Next::At(now + IDLE);
        }
        match self.apply() {
            Ok(()) => {}
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
        self.seal();
        Next::Again
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.watermarks.tables_work))
    }
}

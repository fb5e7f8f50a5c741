//! What the workers count, and how things stand at one moment, for gauges.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use log::Room;

use crate::clock::Reading;
use crate::store::Store;

/// Counters and gauges of one shard. Each is read and written on its own.
#[derive(Debug, Default)]
pub struct Figures {
    /// Objects that left memory.
    pub evicted: Figure,
    /// Loads from the tables, each of all that a transaction lacked, on the threads that read.
    pub loads: Times,
    /// Rounds of transactions beyond their first.
    pub reruns: Figure,
    /// Rounds that held a namespace alone.
    pub exclusive: Figure,
    /// Nanoseconds that these took together, with their waiting for it.
    pub exclusive_nanos: Figure,
    /// Syncs of the log.
    pub syncs: Times,
    /// Objects that ended at their deadline.
    pub expired: Figure,
    /// How long the object that is due first has been due, in milliseconds.
    pub expiry_lag_ms: Figure,
    /// Rows given back to the tables.
    pub reclaimed_rows: Figure,
    /// Dead generations and spaces whose rows are still there, at most [`crate::OWED_COUNTED_MAX`].
    pub owed: Figure,
}

/// One number.
#[derive(Debug, Default)]
pub struct Figure(AtomicU64);

impl Figure {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Adds a time, to one that counts nanoseconds.
    pub(crate) fn add_time(&self, took: Duration) {
        self.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// What times are counted by, in microseconds: of reads of a page cache and of a disk, and of syncs.
pub const TIME_BOUNDS_US: [u64; 18] = [
    10, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 200_000,
    1_000_000,
];

/// How long something took, time after time.
#[derive(Debug, Default)]
pub struct Times {
    nanos: Figure,
    /// How many took at most the bound at their index and longer than the one before; the last, longer than all.
    counts: [Figure; TIME_BOUNDS_US.len() + 1],
}

impl Times {
    /// All together, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.nanos.get()
    }

    /// How many took no longer than each of [`TIME_BOUNDS_US`], and how many there were.
    pub fn up_to(&self) -> [u64; TIME_BOUNDS_US.len() + 1] {
        let mut sum = 0;
        std::array::from_fn(|at| {
            sum += self.counts[at].get();
            sum
        })
    }

    pub(crate) fn add(&self, took: Duration) {
        self.nanos.add_time(took);
        let at = TIME_BOUNDS_US.partition_point(|bound| took > Duration::from_micros(*bound));
        self.counts[at].add(1);
    }
}

/// How a shard stands at one moment. Each is read on its own, so they need not fit each other exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Bytes of commits that are stamped and not yet in the log.
    pub queued_bytes: u64,
    /// Bytes of log that are written and not yet in the tables.
    pub backlog_bytes: u64,
    /// Both together may be so many; above it, writers wait.
    pub backlog_bytes_max: u64,
    /// Bytes of log that are not yet in tables on disk: what a start would replay if the process were killed now.
    pub replay_bytes: u64,
    /// Bytes of log that are set aside for transactions that run.
    pub reserved_bytes: u64,
    /// Bytes that the log takes for certain.
    pub room_bytes: u64,
    /// Whether a write of up to a MiB would not be admitted, and more space could not be had.
    pub is_out_of_room: bool,
    /// The wall clock minus store time, in milliseconds.
    pub skew_ms: i64,
}

impl Standing {
    /// Whether writers wait until the tables have caught up.
    pub fn is_far_behind(&self) -> bool {
        self.queued_bytes + self.backlog_bytes > self.backlog_bytes_max
    }
}

/// Bytes that a write of one object sets aside, as [`Standing::is_out_of_room`] takes it: a large one, since the last
/// room may stay as it is for long where nobody writes little, and whoever writes more is refused meanwhile.
const WRITE_BYTES: u64 = 1 << 20;

impl Store {
    /// How the shard stands. Waits for nothing.
    pub fn standing(&self) -> Standing {
        let shard = &*self.shard;
        let (queued, room) = (shard.queue.bytes(), shard.log.room());
        let reserved = shard.reserved.load(Ordering::Relaxed);
        let Room { bytes, exhausted, .. } = room;
        let mut standing = Standing {
            queued_bytes: queued,
            backlog_bytes: shard.backlog.bytes.load(Ordering::Relaxed) as u64,
            backlog_bytes_max: shard.settings.backlog_bytes as u64,
            replay_bytes: shard.log.bytes_after(shard.tables.flushed()),
            reserved_bytes: reserved,
            room_bytes: bytes,
            is_out_of_room: false,
            skew_ms: shard.clock.skew_ms(Reading::of(&*shard.machine)),
        };
        // Also where there is room: tables whose disk is full do not catch up.
        let fits = room.admits(WRITE_BYTES, reserved.saturating_add(queued));
        standing.is_out_of_room = exhausted && (!fits || standing.is_far_behind());
        standing
    }

    /// Figures of the tables. Waits for changes of their version: for a thread that may.
    pub fn tables_stats(&self) -> tables::Stats {
        self.shard.tables.stats()
    }
}

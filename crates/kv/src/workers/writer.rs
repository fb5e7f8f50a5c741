//! Hands groups of commits to the log.
//!
//! No timer gathers a group: what has been queued while the last one was written, or synced, is the next
//! one. Who waits for a sync has the [`Syncer`](super::Syncer) write what it syncs; who waits for no more
//! than a write does it itself, if nobody else is at it ([`Shard::write_now`]); this worker writes what is
//! left, and what nobody waits for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::Monotonic;
use parking_lot::MutexGuard;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// While something gathers for the next sync, it looks again after this long.
const LINGER: Duration = Duration::from_millis(10);

/// What is queued and nobody asks for is written after this long at the latest.
const IDLE: Duration = Duration::from_millis(100);

/// While a sync runs, what is queued for the next one is left to gather up to this many bytes.
const GATHERED_BYTES: u64 = 1 << 20;

/// More than this is not written by who waits for it: it has other connections to serve.
const WRITTEN_NOW_BYTES: u64 = 256 << 10;

impl Shard {
    /// Hands the next group to the log; false if there is none, or no log any more.
    pub(crate) fn write_group(&self, _writing: &MutexGuard<'_, ()>) -> bool {
        if self.watermarks.is_poisoned() {
            return false;
        }
        let Some(mut group) = self.queue.take(|| self.generation_ceiling()) else { return false };
        if let Err(error) = self.log.append(&mut group) {
            self.poison_with_log(&error);
            return false;
        }
        self.queue.appended(&group);
        self.unsynced.note(|| self.machine.monotonic());
        let last = group.last();
        // In the backlog before it is announced as written, so that applied can always catch up.
        let bytes = group.bytes();
        let backlog = self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.backlog.groups.lock().push_back(group);
        self.watermarks.advance(Level::Written, last);
        // Otherwise the applier comes by itself: what gathers meanwhile goes to the tables as one.
        if backlog >= self.settings.gather_bytes || self.watermarks.is_demanded(Level::Applied) {
            self.watermarks.tables_work.raise();
        }
        true
    }

    /// Writes what is queued, at once and on the caller's thread, if nobody else does and it is little.
    /// It costs a `write` into memory of the system's, less than two changes of thread.
    pub(crate) fn write_now(&self) {
        if self.queue.bytes() > WRITTEN_NOW_BYTES {
            return;
        }
        // Whoever holds it may be past the caller's commit: who waits for that has to demand it.
        if let Some(writing) = self.writing.try_lock() {
            self.write_group(&writing);
        }
    }
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Writer {
    shard: Arc<Shard>,
}

impl Writer {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard }
    }
}

impl Worker for Writer {
    fn name(&self) -> &'static str {
        "log-writer"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.shard;
        let gathers = shard.watermarks.may_gather() && shard.queue.bytes() < GATHERED_BYTES;
        // Whoever waits, waits for the next sync: what comes until then is one group with it.
        if !gathers && shard.write_group(&shard.writing.lock()) {
            Next::Again
        } else {
            Next::At(now + if gathers { LINGER } else { IDLE })
        }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.watermarks.log_work))
    }
}

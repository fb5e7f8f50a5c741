//! Hands groups of commits to the log.
//!
//! No timer gathers a group: what has been queued while the last one was written is the next one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::Monotonic;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// What is queued and not asked for is written after this long at the latest.
const IDLE: Duration = Duration::from_millis(10);

/// While a sync runs, what is queued for the next one is left to gather up to this many bytes.
const GATHERED_BYTES: u64 = 1 << 20;

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
        let idle = Next::At(now + IDLE);
        if shard.watermarks.is_poisoned() {
            return idle;
        }
        if shard.watermarks.may_gather() && shard.queue.bytes() < GATHERED_BYTES {
            // Whoever waits, waits for the next sync: what comes until then is one group with it.
            return idle;
        }
        let Some(mut group) = shard.queue.take(|| shard.generation_ceiling()) else { return idle };
        if let Err(error) = shard.log.append(&mut group) {
            shard.poison_with_log(&error);
            return idle;
        }
        shard.queue.appended(&group);
        let last = group.last();
        let bytes = group.bytes();
        // In the backlog before it is announced as written, so that applied can always catch up.
        shard.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
        shard.backlog.groups.lock().push_back(group);
        shard.watermarks.advance(Level::Written, last);
        shard.watermarks.tables_work.raise();
        Next::Again
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.watermarks.log_work))
    }
}

//! Writes sealed memtables to disk once the log behind them is durable, lets the log go so far, and frees them.

use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic};

use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// How often it looks while what is to be flushed is not durable yet.
const INTERVAL: Duration = Duration::from_millis(10);

/// And while there is nothing to be flushed, though it is told when there is.
const IDLE: Duration = Duration::from_millis(100);

/// A flush that failed, for want of space say, is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Flusher {
    shard: Arc<Shard>,
}

impl Flusher {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard }
    }
}

impl Worker for Flusher {
    fn name(&self) -> &'static str {
        "flusher"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.shard;
        if shard.watermarks.is_poisoned() {
            return Next::At(now + BACK_OFF);
        }
        let before = shard.tables.flushed();
        // The tables tell of what they flush, and why they cannot.
        let Ok(flush) = shard.tables.flush(shard.watermarks.at(Level::Durable)) else {
            return Next::At(now + BACK_OFF);
        };
        if flush.through > before {
            if let Err(error) = shard.log.trim(flush.through) {
                shard.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
            }
            // Not left to the compactor: while that is at work, several memtables may be written, and the log
            // goes on giving room for more.
            shard.tables.maintain();
        }
        if flush.more {
            return Next::Again;
        }
        let waits = shard.tables.sealed().count > 0;
        Next::At(now + if waits { INTERVAL } else { IDLE })
    }

    fn gives_way(&self) -> bool {
        true
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.flushing))
    }
}

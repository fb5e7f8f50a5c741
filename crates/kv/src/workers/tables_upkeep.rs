//! Compacts tables and frees what no reader needs.

use std::sync::Arc;
use std::time::Duration;

use base::{Monotonic, Sequence};

use crate::shard::Shard;
use crate::signal::Signal;
use crate::worker::{Next, Worker};

/// How often it looks whether there is something to compact.
const INTERVAL: Duration = Duration::from_millis(50);

/// A compaction that failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(5);

/// Where nothing was flushed for so long, the store is taken to rest.
const REST_TIME: Duration = Duration::from_secs(10);

/// Then what was removed gives its space back if no more than so many bytes are to be merged for it: what comes
/// meanwhile waits for the next compaction until that is over.
const REST_MERGE_BYTES_MAX: u64 = 1 << 30;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct TablesUpkeep {
    shard: Arc<Shard>,
    /// Through which commit tables were on disk when that changed last, and when that was.
    flushed: (Sequence, Monotonic),
    /// What it does when the store rests has been done since.
    has_rested: bool,
}

impl TablesUpkeep {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, flushed: (Sequence::ZERO, Monotonic::ZERO), has_rested: false }
    }

    /// How much may be merged at once for the sake of space, if anything may.
    fn may_merge(&mut self, now: Monotonic) -> Option<u64> {
        if self.shard.log.room().exhausted {
            // What was removed while the disk is full is to give its space back now, not when its turn comes;
            // also where a piece does not fit any more, since of what is mostly dead less is left.
            return Some(u64::MAX);
        }
        let through = self.shard.tables.flushed();
        if through != self.flushed.0 {
            (self.flushed, self.has_rested) = ((through, now), false);
        }
        if self.has_rested || now < self.flushed.1 + REST_TIME {
            return None;
        }
        self.has_rested = true;
        Some(REST_MERGE_BYTES_MAX)
    }
}

impl Worker for TablesUpkeep {
    fn name(&self) -> &'static str {
        "compactor"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let mut compacted = self.shard.tables.compact();
        if !matches!(compacted, Ok(true))
            && let Some(bytes_max) = self.may_merge(now)
        {
            match self.shard.tables.reclaim_space(bytes_max) {
                Ok(false) => {}
                reclaimed => compacted = reclaimed,
            }
        }
        let next = match compacted {
            Ok(true) => Next::Again,
            Ok(false) => Next::At(now + INTERVAL),
            // The tables have told of it.
            Err(_) => Next::At(now + BACK_OFF),
        };
        self.shard.tables.maintain();
        next
    }

    fn gives_way(&self) -> bool {
        true
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        None
    }

    fn is_vital(&self) -> bool {
        false
    }
}

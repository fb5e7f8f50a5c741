//! Compacts tables and frees what no reader needs.

use std::sync::Arc;
use std::time::Duration;

use base::{Monotonic, Sequence};
use tables::Cause;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::worker::{Next, Worker};
use crate::workers::REST_TIME;

/// How often it looks whether there is something to compact.
const INTERVAL: Duration = Duration::from_millis(50);

/// A compaction that failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(5);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct TablesUpkeep {
    shard: Arc<Shard>,
    /// Through which commits the tables were, in memory and on disk, when that changed last; and when that was.
    still: Option<([Sequence; 2], Monotonic)>,
    /// What it does when the store rests has been done since, or does not fit.
    has_rested: bool,
}

impl TablesUpkeep {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, still: None, has_rested: false }
    }

    /// Whether to merge for the sake of space.
    fn cause(&mut self, now: Monotonic) -> Option<Cause> {
        let shard = &*self.shard;
        if shard.log.room().exhausted {
            // What was removed while the disk is full is to give its space back now, not when its turn comes;
            // also where a compaction does not fit any more, since of what is mostly dead less is left.
            return Some(Cause::Shortage);
        }
        let through = [shard.tables.applied(), shard.tables.flushed()];
        let since = match self.still {
            Some((still, since)) if still == through => since,
            _ => {
                (self.still, self.has_rested) = (Some((through, now)), false);
                now
            }
        };
        if self.has_rested || now < since + REST_TIME || shard.tables.sealed().count > 0 {
            return None;
        }
        Some(Cause::Rest)
    }
}

impl Worker for TablesUpkeep {
    fn name(&self) -> &'static str {
        "compactor"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let mut compacted = self.shard.tables.compact();
        if !matches!(compacted, Ok(true))
            && let Some(cause) = self.cause(now)
        {
            let reclaimed = self.shard.tables.reclaim_space(cause);
            self.has_rested = cause == Cause::Rest && !matches!(reclaimed, Ok(true));
            if !matches!(reclaimed, Ok(false)) {
                compacted = reclaimed;
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

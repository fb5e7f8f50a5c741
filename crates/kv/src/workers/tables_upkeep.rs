//! Compacts tables and frees what no reader needs.

use std::sync::Arc;
use std::time::Duration;

use base::Monotonic;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::worker::{Next, Worker};

/// How often it looks whether there is something to compact.
const INTERVAL: Duration = Duration::from_millis(50);

/// A compaction that failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(5);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct TablesUpkeep {
    shard: Arc<Shard>,
}

impl TablesUpkeep {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard }
    }
}

impl Worker for TablesUpkeep {
    fn name(&self) -> &'static str {
        "compactor"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.shard;
        let mut compacted = shard.tables.compact();
        if !matches!(compacted, Ok(true)) && shard.log.room().exhausted {
            // What was removed while the disk is full is to give its space back now, not when its turn comes;
            // also where a piece does not fit any more, since of what is mostly dead less is left.
            match shard.tables.reclaim_space() {
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
        shard.tables.maintain();
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

//! Keeps the log in shape: space taken in advance, history within its bounds, the high-water file.

use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic, Sequence};
use log::Upkeep;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::worker::{Next, Worker};

/// However idle the log says it is, it is asked again after this long while there are commits.
const INTERVAL: Duration = Duration::from_millis(5);

/// And after this long when there are none.
const IDLE: Duration = Duration::from_millis(50);

/// What failed is tried again after this long.
const BACK_OFF: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct LogUpkeep {
    shard: Arc<Shard>,
    /// The last commit that there was when it looked last.
    queued: Sequence,
}

impl LogUpkeep {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, queued: Sequence::ZERO }
    }
}

impl Worker for LogUpkeep {
    fn name(&self) -> &'static str {
        "log-upkeep"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        self.shard.log.leave_free(self.shard.tables.space_wanted());
        let queued = self.shard.watermarks.queued();
        let is_idle = std::mem::replace(&mut self.queued, queued) == queued;
        let interval = if is_idle { IDLE } else { INTERVAL };
        match self.shard.log.maintain(now) {
            Ok(Upkeep::Again) => Next::Again,
            Ok(Upkeep::At(at)) => Next::At(at.min(now + interval).max(now)),
            Err(error @ log::Error::Poisoned { .. }) => {
                self.shard.poison_with_log(&error);
                Next::At(now + BACK_OFF)
            }
            Err(error) => {
                // Old history that could not be removed, say: the log itself is as it should be.
                self.shard.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
                Next::At(now + BACK_OFF)
            }
        }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.upkeep))
    }
}

//! Makes durable what is queued: at once while somebody waits for it, else within the interval that
//! relaxed namespaces promise. What it syncs it writes before, so that a group costs no second change of
//! thread.
//!
//! It works beside the writer, so that a slow sync holds back nobody who does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use base::Monotonic;

use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Syncer {
    shard: Arc<Shard>,
    /// What was queued is written, and the next step syncs it.
    has_written: bool,
}

impl Syncer {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, has_written: false }
    }

    fn is_due(&self, now: Monotonic) -> Result<(), Monotonic> {
        let watermarks = &self.shard.watermarks;
        if watermarks.is_demanded(Level::Durable) {
            return Ok(());
        }
        let interval = Duration::from_millis(self.shard.settings.sync_interval_ms);
        if watermarks.at(Level::Written) <= watermarks.at(Level::Durable) {
            // Nobody is told when something is written: it is found after less than an interval, then.
            return Err(now + interval * 9 / 10);
        }
        // A tenth of the interval is for the sync itself.
        let due = self.shard.unsynced.since().unwrap_or_default() + interval * 9 / 10;
        if now >= due { Ok(()) } else { Err(due) }
    }

    /// Everything that is queued when it is called, and what comes while that is written.
    fn write(&self) {
        let writing = self.shard.writing.lock();
        while self.shard.write_group(&writing) {}
    }
}

impl Worker for Syncer {
    fn name(&self) -> &'static str {
        "log-syncer"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        if self.is_due(now).is_err() {
            // From here on, whoever demands a sync wakes somebody. Who did before has to be looked for.
            self.shard.watermarks.set_syncing(false);
            if let Err(due) = self.is_due(now) {
                return Next::At(due);
            }
        }
        let shard = &*self.shard;
        if shard.watermarks.is_poisoned() {
            return Next::At(now + Duration::from_secs(1));
        }
        shard.watermarks.set_syncing(true);
        if !std::mem::replace(&mut self.has_written, true) {
            self.write();
            return Next::Again;
        }
        self.has_written = false;
        // Before: what is written meanwhile is for the next one, if this one does not take it along.
        shard.unsynced.clear();
        match shard.sync_log() {
            Ok(durable) => {
                // It may have synced what the writer has written and not yet announced.
                shard.watermarks.advance(Level::Written, durable);
                shard.watermarks.advance(Level::Durable, durable);
                Next::Again
            }
            Err(error) => {
                shard.poison_with_log(&error);
                Next::At(now + Duration::from_secs(1))
            }
        }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.watermarks.log_work))
    }
}

//! Logs that break a rule of [`Log`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Monotonic, Sequence};
use log::{Error, Frames, Group, Log, Room, Upkeep};

use super::{Planted, Raised};

/// A log with a bug over a sound one.
pub(super) struct PlantedLog {
    inner: Arc<dyn Log>,
    bug: Planted,
    appended: AtomicU64,
    raised: Raised,
}

impl PlantedLog {
    pub(super) fn new(inner: Arc<dyn Log>, bug: Planted, raised: Raised) -> Self {
        Self { inner, bug, appended: AtomicU64::new(0), raised }
    }
}

impl Log for PlantedLog {
    fn append(&self, group: &mut Group) -> Result<(), Error> {
        self.inner.append(group)?;
        self.raised.0.lock().push(group.clone());
        self.appended.fetch_max(group.last().0, Ordering::Relaxed);
        Ok(())
    }

    fn sync(&self) -> Result<Sequence, Error> {
        let durable = match self.inner.sync() {
            Err(_) if self.bug == Planted::FailedSyncForgotten => {
                Sequence(self.appended.load(Ordering::Relaxed))
            }
            synced => synced?,
        };
        if self.bug == Planted::TrimmedAhead {
            self.inner.trim(durable)?;
        }
        if self.bug == Planted::SyncCoversMore {
            return Ok(durable.max(Sequence(self.appended.load(Ordering::Relaxed))));
        }
        Ok(durable)
    }

    fn read(&self, from: Sequence) -> Result<Frames, Error> {
        let frames = self.inner.read(from)?;
        if self.bug == Planted::ReplayedTwice {
            return Ok(Box::new(frames.chain(self.inner.read(from)?)));
        }
        Ok(frames)
    }

    fn trim(&self, through: Sequence) -> Result<(), Error> {
        self.inner.trim(through)
    }

    fn bytes_after(&self, after: Sequence) -> u64 {
        self.inner.bytes_after(after)
    }

    fn room(&self) -> Room {
        self.inner.room()
    }

    fn maintain(&self, now: Monotonic) -> Result<Upkeep, Error> {
        if self.bug == Planted::NoHighWater {
            return Ok(Upkeep::At(now + Duration::from_secs(1)));
        }
        self.inner.maintain(now)
    }

    fn close(&self) -> Result<(), Error> {
        self.inner.close()
    }
}

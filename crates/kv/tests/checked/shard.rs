//! As much of a shard as the syncer sees, with a log that cannot fail.

use std::io;

use base::Sequence;

use crate::primitives::{Mutex, MutexGuard};
use crate::unsynced::Unsynced;
use crate::watermark::{Level, Watermarks};

#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) watermarks: Watermarks,
    pub(crate) settings: Settings,
    pub(crate) unsynced: Unsynced,
    pub(crate) writing: Mutex<()>,
    /// What was written.
    log: Mutex<u64>,
    pub(crate) stamping: Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) sync_interval_ms: u64,
}

impl Shard {
    pub(crate) fn new() -> Self {
        Self {
            watermarks: Watermarks::new(Sequence::ZERO),
            settings: Settings { sync_interval_ms: 100 },
            unsynced: Unsynced::default(),
            writing: Mutex::default(),
            log: Mutex::default(),
            stamping: Mutex::default(),
        }
    }

    /// Stamps and queues a commit.
    pub(crate) fn commit(&self) -> Sequence {
        let _stamping = self.stamping.lock();
        let sequence = self.watermarks.queued().next();
        self.watermarks.set_queued(sequence);
        sequence
    }

    /// All that is written when it is called.
    #[expect(clippy::unnecessary_wraps, reason = "it stands for a log that may fail")]
    pub(crate) fn sync_log(&self) -> Result<Sequence, io::Error> {
        Ok(Sequence(*self.log.lock()))
    }

    pub(crate) fn write_group(&self, _writing: &MutexGuard<'_, ()>) -> bool {
        let queued = self.watermarks.queued();
        let mut written = self.log.lock();
        if *written == queued.0 {
            return false;
        }
        *written = queued.0;
        drop(written);
        self.watermarks.advance(Level::Written, queued);
        true
    }

    pub(crate) fn poison_with_log(&self, error: &io::Error) {
        self.watermarks.poison();
        panic!("this log does not fail: {error}");
    }
}

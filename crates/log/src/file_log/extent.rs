//! What a copy of a log has to hold, taken while the log goes on.
//!
//! Knows nothing of how the copy is made.
//!
//! Invariant: bytes below the ends that an [`Extent`] names are never written again while the log is open.

use base::Sequence;

use super::FileLog;
use crate::error::Error;
use crate::high_water::{self, HighWater};

/// A log as far as it was durable at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The files of its segments, oldest first, and where in each its frames end, in bytes. Of the last one no
    /// byte beyond that may be in the copy.
    pub segments: Vec<(String, u64)>,
    /// The last commit in them: all up to it is durable.
    pub last: Sequence,
    /// The name of the file that says so, and what is to be in it: the log's own is about the log as it goes on.
    pub high_water: (&'static str, Vec<u8>),
}

/// While it lives, no segment is removed.
#[derive(Debug)]
pub struct Hold<'a> {
    log: &'a FileLog,
    /// The first segment that tables could need when it was taken.
    oldest: u64,
}

impl Hold<'_> {
    /// Makes durable everything that was appended before the call, and says what a copy that ends there
    /// consists of. It reaches back to all that was not trimmed when the hold was taken: what tables as they stood since
    /// then may need.
    pub fn extent(&self) -> Result<Extent, Error> {
        self.log.extent(self.oldest)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.log.tail.lock().holds -= 1;
    }
}

impl FileLog {
    /// Has all segments stay. A log that lacks space gets none back meanwhile: hold it for a moment only.
    pub fn hold(&self) -> Hold<'_> {
        let mut tail = self.tail.lock();
        tail.holds += 1;
        Hold { log: self, oldest: tail.oldest_needed() }
    }

    fn extent(&self, oldest: u64) -> Result<Extent, Error> {
        let _turn = self.syncing.lock();
        self.check()?;
        let (unsynced, extent) = {
            let mut tail = self.tail.lock();
            let unsynced = tail.take_unsynced();
            let mut segments: Vec<_> =
                tail.kept.iter().map(|kept| (kept.segment.name(), kept.segment.bytes)).collect();
            if let Some((_, end)) = segments.last_mut() {
                *end = tail.end;
            }
            let (last, generations) = (tail.last, tail.generations);
            let high_water = HighWater { durable: last, oldest, generations };
            let bytes = high_water::file(tail.store, &high_water);
            (unsynced, Extent { segments, last, high_water: (high_water::NAME, bytes) })
        };
        if let Some(unsynced) = unsynced {
            self.make_durable(&unsynced)?;
        }
        Ok(extent)
    }
}

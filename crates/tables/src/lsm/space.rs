//! What compactions may take of the disk.
//!
//! A compaction writes its tables anew before it removes those that it read, and the tree does not say
//! beforehand which it chooses. So it is watched as it goes on, through the rows that it shows to a filter,
//! and given up before less stays free than is to stay; what it had written is removed.
//!
//! Flushes are not held back: room is kept for them, and they let go of more log than they take.
//!
//! Invariant: of what is to stay free, a compaction takes at most what it writes within a stretch of rows, and
//! the index and filter at the end of a table.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::Error;

/// Even where nothing has come free, a piece of compaction that was given up is begun again after so many
/// times that it might have been: what it would choose may be smaller by now.
const DECLINED_MAX: u32 = 12;

/// The disk that the tables are on.
pub(super) struct Space {
    dir: PathBuf,
    free_bytes_min: u64,
    /// Bytes of memtables, which are to find their place beside a compaction.
    memtables: AtomicU64,
    compaction: AtomicU64,
    short: Mutex<Short>,
}

/// What a compaction is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// That readers find few runs.
    #[default]
    Shape,
    /// That space comes free. Where much is dead it may take less room than a compaction that had to be given up,
    /// which that one therefore says nothing about.
    Space,
}

/// How the last compaction fared.
#[derive(Debug, Default)]
struct Short {
    /// What was free when a piece began that had to be given up.
    began_with: Option<u64>,
    declined: u32,
    /// What was free when the one that is under way began.
    begun_with: u64,
    purpose: Purpose,
    /// Why the one that is under way is given up.
    given_up: Option<Shortage>,
}

/// What was free, and what is to stay free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shortage {
    free: u64,
    kept: u64,
}

impl Space {
    pub(super) fn new(dir: &Path, free_bytes_min: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            free_bytes_min,
            memtables: AtomicU64::new(0),
            compaction: AtomicU64::new(0),
            short: Mutex::default(),
        }
    }

    pub(super) fn note_memtables(&self, bytes: u64) {
        self.memtables.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn note_compaction(&self, bytes: u64) {
        self.compaction.store(bytes, Ordering::Relaxed);
    }

    /// What the next compaction may take of the disk for a while.
    pub(super) fn compaction(&self) -> u64 {
        self.compaction.load(Ordering::Relaxed)
    }

    /// A disk that cannot be asked does not hold a compaction up: that it is full shows when it is written to.
    pub(super) fn free(&self) -> u64 {
        let found = rustix::fs::statvfs(&self.dir);
        found.map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Whether so much is free beyond what is to stay free.
    pub(super) fn has_beyond(&self, bytes: u64) -> bool {
        self.free() >= self.free_bytes_min.saturating_add(bytes)
    }

    /// Refuses to begin a piece of compaction that would be given up again.
    pub(super) fn begin(&self, purpose: Purpose) -> Result<(), Error> {
        let mut short = self.short.lock();
        let free = self.free();
        short.begun_with = free;
        short.purpose = purpose;
        short.given_up = None;
        if purpose == Purpose::Space {
            return Ok(());
        }
        if let Some(before) = short.began_with
            && free <= before
            && short.declined < DECLINED_MAX
        {
            short.declined += 1;
            return Err(self.error(Shortage { free, kept: before }));
        }
        short.began_with = None;
        short.declined = 0;
        Ok(())
    }

    /// Whether the compaction that is under way may go on.
    pub(super) fn may_go_on(&self) -> bool {
        let free = self.free();
        let kept = self.free_bytes_min.saturating_add(self.memtables.load(Ordering::Relaxed));
        // With nothing to be kept free, the disk itself says when it is full.
        if free >= kept || self.free_bytes_min == 0 {
            return true;
        }
        let shortage = Shortage { free, kept };
        let mut short = self.short.lock();
        short.given_up = Some(shortage);
        if short.purpose == Purpose::Shape {
            short.began_with = Some(short.begun_with);
        }
        false
    }

    /// Why a compaction failed, if it was given up.
    pub(super) fn given_up(&self) -> Option<Error> {
        self.short.lock().given_up.take().map(|shortage| self.error(shortage))
    }

    fn error(&self, Shortage { free, kept }: Shortage) -> Error {
        Error::NoRoom { path: self.dir.clone(), free, kept }
    }
}

#[cfg(test)]
mod tests;

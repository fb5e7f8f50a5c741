//! Stretches of background work, so that it leaves the disk and the processor to others: what was written is
//! synced at the end of each, and a pause taken.
//!
//! The tree has no rate limit of its own. A compaction shows each live row to a filter, which keeps
//! all of them, counts the stretches, and ends it where the disk would become too full or the process is to end; a
//! flush counts in the stream of rows that it writes.

use std::num::NonZeroU64;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lsm_tree::compaction::filter::Context;
use lsm_tree::compaction::{CompactionFilter, Factory, ItemAccessor, Verdict};

use super::space::Space;
use super::writeback::Writeback;

/// A stretch is so many bytes.
const STRETCH_BYTES: u64 = 1024 * 1024;

/// How fast background work may go, in bytes of keys and values per second.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_second: Option<NonZeroU64>,
    hurry: AtomicBool,
    ceased: AtomicBool,
    /// Bytes of tables that were synced at the ends of stretches.
    written_back: AtomicU64,
}

impl Pace {
    pub(super) fn new(bytes_per_second: Option<NonZeroU64>) -> Self {
        Self {
            bytes_per_second,
            hurry: AtomicBool::new(false),
            ceased: AtomicBool::new(false),
            written_back: AtomicU64::new(0),
        }
    }

    /// While readers and writers suffer more from the backlog than from the work, it does not
    /// pause.
    pub(super) fn hurry(&self, hurry: bool) {
        self.hurry.store(hurry, Ordering::Relaxed);
    }

    /// Compactions end with the stretch that they are in.
    pub(super) fn cease(&self) {
        self.ceased.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ceased(&self) -> bool {
        self.ceased.load(Ordering::Relaxed)
    }

    pub(super) fn written_back(&self) -> u64 {
        self.written_back.load(Ordering::Relaxed)
    }

    /// How long to pause after so many bytes.
    fn pause(&self, bytes: u64) -> Option<Duration> {
        let per_second = self.bytes_per_second?.get();
        if self.hurry.load(Ordering::Relaxed) {
            return None;
        }
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(per_second);
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// One piece of work that keeps the pace.
#[derive(Debug)]
pub(super) struct Stride {
    pace: Arc<Pace>,
    writeback: Writeback,
    bytes: u64,
}

impl Stride {
    pub(super) fn new(pace: &Arc<Pace>, writeback: Writeback) -> Self {
        Self { pace: Arc::clone(pace), writeback, bytes: 0 }
    }

    /// Counts what was done, and at the end of a stretch syncs and pauses; whether it was one.
    pub(super) fn step(&mut self, bytes: usize) -> bool {
        self.bytes += bytes as u64;
        let is_end = self.bytes >= STRETCH_BYTES;
        if is_end {
            self.pace.written_back.fetch_add(self.writeback.sync(), Ordering::Relaxed);
            if let Some(pause) = self.pace.pause(self.bytes) {
                std::thread::sleep(pause);
            }
            self.bytes = 0;
        }
        is_end
    }
}

/// Gives each compaction a filter that keeps every row.
pub(super) struct PacedCompactions {
    pub(super) pace: Arc<Pace>,
    /// Where tables are.
    pub(super) dir: PathBuf,
    /// The lowest number that a table of the next compaction may have.
    pub(super) first: Arc<AtomicU64>,
    /// Nothing in it is left half-changed by a panic.
    pub(super) space: AssertUnwindSafe<Arc<Space>>,
}

impl Factory for PacedCompactions {
    fn name(&self) -> &'static str {
        "pace"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        let writeback = Writeback::new(&self.dir, self.first.load(Ordering::Relaxed));
        let stride = Stride::new(&self.pace, writeback);
        Box::new(PacedFilter { stride, space: Arc::clone(&self.space) })
    }
}

struct PacedFilter {
    stride: Stride,
    space: Arc<Space>,
}

impl CompactionFilter for PacedFilter {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        let value = item.value()?;
        if self.stride.step(item.key().len() + value.len()) {
            if self.stride.pace.has_ceased() {
                return Err(std::io::Error::from(std::io::ErrorKind::Interrupted).into());
            }
            if !self.space.may_go_on() {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
            }
        }
        Ok(Verdict::Keep)
    }
}

#[cfg(test)]
mod tests;

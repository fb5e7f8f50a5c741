//! Pauses in background work, so that it leaves the disk and the processor to others.
//!
//! The tree has no rate limit of its own. A compaction shows each live row to a filter, which keeps
//! all of them and pauses now and then; a flush pauses in the stream of rows that it writes.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lsm_tree::compaction::filter::Context;
use lsm_tree::compaction::{CompactionFilter, Factory, ItemAccessor, Verdict};

/// A pause is taken after so many bytes.
const STRETCH_BYTES: u64 = 1024 * 1024;

/// How fast background work may go, in bytes of keys and values per second.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_second: Option<NonZeroU64>,
    hurry: AtomicBool,
}

impl Pace {
    pub(super) fn new(bytes_per_second: Option<NonZeroU64>) -> Self {
        Self { bytes_per_second, hurry: AtomicBool::new(false) }
    }

    /// While readers and writers suffer more from the backlog than from the work, it does not
    /// pause.
    pub(super) fn hurry(&self, hurry: bool) {
        self.hurry.store(hurry, Ordering::Relaxed);
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
    bytes: u64,
}

impl Stride {
    pub(super) fn new(pace: &Arc<Pace>) -> Self {
        Self { pace: Arc::clone(pace), bytes: 0 }
    }

    /// Counts what was done, and pauses when it is time.
    pub(super) fn step(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.bytes >= STRETCH_BYTES {
            if let Some(pause) = self.pace.pause(self.bytes) {
                std::thread::sleep(pause);
            }
            self.bytes = 0;
        }
    }
}

/// Gives each compaction a filter that keeps every row.
#[derive(Debug)]
pub(super) struct PacedCompactions(pub(super) Arc<Pace>);

impl Factory for PacedCompactions {
    fn name(&self) -> &'static str {
        "pace"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(PacedFilter(Stride::new(&self.0)))
    }
}

struct PacedFilter(Stride);

impl CompactionFilter for PacedFilter {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        let value = item.value()?;
        self.0.step(item.key().len() + value.len());
        Ok(Verdict::Keep)
    }
}

#[cfg(test)]
mod tests;

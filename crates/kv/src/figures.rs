//! What the workers count, for gauges.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters and gauges of one shard. Each is read and written on its own.
#[derive(Debug, Default)]
pub struct Figures {
    /// Objects that left memory.
    pub evicted: Figure,
    /// Objects that ended at their deadline.
    pub expired: Figure,
    /// How long the object that is due first has been due, in milliseconds.
    pub expiry_lag_ms: Figure,
    /// Rows given back to the tables.
    pub reclaimed_rows: Figure,
    /// Dead generations and spaces whose rows are still there, at most [`crate::OWED_COUNTED_MAX`].
    pub owed: Figure,
}

/// One number.
#[derive(Debug, Default)]
pub struct Figure(AtomicU64);

impl Figure {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

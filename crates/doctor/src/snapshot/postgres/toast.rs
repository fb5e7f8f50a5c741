//! Tables whose large values are stored apart, and how often those are read.

use serde::{Deserialize, Serialize};

/// A table with values stored apart (TOAST).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresToast {
    /// Its name, with its schema if it needs one.
    pub name: String,
    /// How long it is without them, at its last vacuum or analyze.
    pub heap_bytes: u64,
    /// How long they are, at the last vacuum of those.
    pub toast_bytes: u64,
    /// Pages of it that were asked for since the counters began, in memory or not.
    pub heap_blks: Option<u64>,
    /// Pages of what is stored apart, in memory or not.
    pub toast_blks: Option<u64>,
    /// Of these, those that were not in memory.
    pub toast_blks_read: Option<u64>,
}

//! What was decoded for logical slots.

use serde::{Deserialize, Serialize};

/// Of a slot, since its counters began; from 14 on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresDecoding {
    /// The slot.
    pub slot: String,
    /// Transactions of which a part was written to files, as they did not fit memory.
    pub spill_txns: Option<u64>,
    /// How much that was, in bytes; what is decoded again is written again.
    pub spill_bytes: Option<u64>,
    /// How much was decoded, in bytes.
    pub total_bytes: Option<u64>,
}

//! Statements that a standby cancelled because what it replays needed it.

use serde::{Deserialize, Serialize};

/// Of all databases together, since their counters began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConflicts {
    /// Their tablespace was dropped.
    pub tablespace: Option<u64>,
    /// The primary took a lock that nothing else may be beside.
    pub lock: Option<u64>,
    /// They may still have seen rows that the primary vacuumed away.
    pub snapshot: Option<u64>,
    /// They held a page that had to be cleaned.
    pub bufferpin: Option<u64>,
    /// They and the replay waited for each other.
    pub deadlock: Option<u64>,
    /// Uses of logical slots; none before 16.
    #[serde(default)]
    pub logicalslot: Option<u64>,
}

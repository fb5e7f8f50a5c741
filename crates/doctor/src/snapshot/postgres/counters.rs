//! Since when the server counts.

use serde::{Deserialize, Serialize};

/// Since when the counters of the database that was asked are kept, and since when the server runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresCounters {
    /// The database.
    pub database: String,
    /// For how long the server runs, in seconds.
    pub up_seconds: u64,
    /// When the counters were set back, in seconds before the look; none if they never were.
    pub reset_seconds: Option<u64>,
}

//! Statements that cost most, as the extension `pg_stat_statements` counts them.

use serde::{Deserialize, Serialize};

/// A statement of the database that was asked: one that reads or writes rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresStatement {
    /// What tells it from others, as the extension counts: the same text may be there for several roles.
    pub id: String,
    /// Its text without literals and comments, at most 2000 bytes; none if the role may not see it.
    pub text: Option<String>,
    /// How often it was run since the counters began.
    pub calls: u64,
    /// How often it was planned; none before 1.8 of the extension (13).
    pub plans: Option<u64>,
    /// How long it took in all, in microseconds.
    pub total_us: u64,
    /// How long on the average, in microseconds.
    pub mean_us: u64,
    /// How long at most, in microseconds.
    pub max_us: u64,
    /// The standard deviation, in microseconds.
    pub stddev_us: u64,
}

//! Tables of which the planner knows nothing.

use serde::{Deserialize, Serialize};

/// A table that was not analysed since its counters began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresUnanalysed {
    /// Its name, with its schema if it needs one.
    pub name: String,
    /// How long it is, without indexes and what is stored apart.
    pub bytes: u64,
    /// Rows, as the planner counts them; -1, and 0 before 14, if it never did.
    pub reltuples: i64,
    /// Rows, as the counters have them since they began.
    pub live: u64,
    /// Rows that were changed since the counters began.
    pub changed: u64,
    /// Whether `pg_statistic` has anything of it; none if the role may not read the table, and so not its statistics.
    pub has_statistics: Option<bool>,
    /// Whether autovacuum is on for it: its own setting, or else on.
    pub autovacuum: bool,
}

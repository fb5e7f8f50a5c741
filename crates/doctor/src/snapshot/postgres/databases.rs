//! Databases, and how old the oldest transaction is of which each knows.

use serde::{Deserialize, Serialize};

/// A database: `pg_stat_database` and `pg_database`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresDatabase {
    /// Its name; none for what all databases share.
    pub name: Option<String>,
    /// Whether one may connect to it.
    pub connectable: Option<bool>,
    /// How many transactions began since the oldest that is not frozen in all of it.
    pub xid_age: Option<u64>,
    /// The same, of multixacts.
    pub multixact_age: Option<u64>,
    /// How many may connect; none without a limit.
    pub connection_limit: Option<u64>,
    /// How many are connected, processes of the server itself included.
    pub backends: Option<u64>,
    /// Commits since the numbers were set back.
    pub commits: Option<u64>,
    /// Rollbacks.
    pub rollbacks: Option<u64>,
    /// Queries that replay cancelled, on a standby.
    pub conflicts: Option<u64>,
    /// Files that queries spilled.
    pub temp_files: Option<u64>,
    /// How much they spilled, in bytes.
    pub temp_bytes: Option<u64>,
    /// Deadlocks.
    pub deadlocks: Option<u64>,
    /// Pages whose checksum was wrong; none where there are no checksums.
    pub checksum_failures: Option<u64>,
    /// When the last one was, in seconds.
    pub checksum_failure_s: Option<u64>,
    /// When the numbers were set back, in seconds; none if never.
    pub reset_s: Option<u64>,
}

/// Checkpoints, since the numbers were set back: `pg_stat_bgwriter`, from 17 on `pg_stat_checkpointer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresCheckpoints {
    /// Those that were due.
    pub timed: u64,
    /// Those that were asked for: by somebody, or as `max_wal_size` was written.
    pub requested: u64,
    /// How long they wrote, in milliseconds.
    pub write_ms: u64,
    /// How long they waited for the disk, in milliseconds.
    pub sync_ms: u64,
    /// How many pages they wrote.
    pub pages: u64,
    /// When the numbers were set back, in seconds.
    pub reset_s: Option<u64>,
    /// When the last one began, in seconds.
    pub last_s: Option<u64>,
    /// From where on WAL would be replayed now, as a number of bytes since the cluster was made.
    pub redo: Option<u64>,
}

//! Replication, as a replica tells it.

use serde::{Deserialize, Serialize};

/// What a server is a replica of: a row of `SHOW REPLICA STATUS`, or of what it was called before. Errors are kept by their
/// numbers, as their words have values of rows in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MysqlChannel {
    /// Its name; empty for the one that has none.
    pub name: String,
    /// `host:port` of the source.
    pub source: String,
    /// `server_id` of the source; 0 if it was never reached.
    pub source_id: u64,
    /// Whether what the source writes is fetched: `Yes`, `No`, `Connecting`.
    pub io: String,
    /// Whether what was fetched is applied: `Yes`, `No`.
    pub sql: String,
    /// The number of the last error of fetching; 0 if there was none.
    pub io_error: u64,
    /// The number of the last error of applying; 0 if there was none.
    pub sql_error: u64,
    /// How old the change is that is applied now, in seconds, by the clock of the source; none while nothing is applied.
    pub behind_seconds: Option<u64>,
    /// By how much it is to stay behind, in seconds.
    pub delay_seconds: u64,
    /// File and position up to which was fetched.
    pub fetched: (String, u64),
    /// File and position up to which was applied.
    pub applied: (String, u64),
    /// Of MariaDB: `No`, `Slave_Pos`, `Current_Pos`.
    pub using_gtid: Option<String>,
    /// Of MariaDB: up to where was fetched, by domain.
    pub gtid_fetched: Option<String>,
    /// Filters that leave something out, by the names of their options.
    pub filters: Vec<String>,
}

//! What goes on in a server now.

use serde::{Deserialize, Serialize};

/// A session. Of its statement only the verb is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlSession {
    /// Its id, which `KILL` takes.
    pub id: u64,
    /// Its account.
    pub user: String,
    /// From where it came, without the port.
    pub host: String,
    /// `Query`, `Sleep`, `Binlog Dump` and so on.
    pub command: String,
    /// What it is at.
    pub state: String,
    /// Since when, in seconds.
    pub seconds: u64,
    /// The verb of its statement, such as `ALTER`.
    pub verb: Option<String>,
}

/// A transaction of InnoDB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlTransaction {
    /// The session that it is of; 0 of one that no session has, as after a crash in two-phase commit.
    pub session: u64,
    /// `RUNNING`, `LOCK WAIT`, `ROLLING BACK`, `COMMITTING`.
    pub state: String,
    /// Since when, in seconds.
    pub seconds: u64,
    /// For how long it has waited for a lock, in seconds.
    pub wait_seconds: Option<u64>,
    /// Rows that it has changed.
    pub rows_modified: u64,
}

/// A session that waits for a row that another holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlRowWait {
    /// Who waits.
    pub session: u64,
    /// For whom.
    pub blocker: u64,
}

/// A statement without its literals, and what it did since the server counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlDigest {
    /// The database that it is run in.
    pub schema: Option<String>,
    /// By which the server tells it.
    pub digest: String,
    /// Its text, with `?` for each literal.
    pub text: String,
    /// How often it was run.
    pub count: u64,
    /// How often without an index.
    pub no_index: u64,
    /// Rows that it read.
    pub rows_examined: u64,
    /// Rows that it answered.
    pub rows_sent: u64,
    /// Rows that it changed.
    pub rows_affected: u64,
}

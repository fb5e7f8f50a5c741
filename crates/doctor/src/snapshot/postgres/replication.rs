//! Slots, standbys, and what is kept for them.

use serde::{Deserialize, Serialize};

/// A slot: what it names is kept until its consumer has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSlot {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    pub kind: String,
    /// What decodes for it; none if it is physical.
    pub plugin: Option<String>,
    /// Its database; none if it is physical.
    pub database: Option<String>,
    /// Whether somebody reads from it now.
    pub active: bool,
    /// Who.
    pub active_pid: Option<u32>,
    /// Whether it goes with its session.
    pub temporary: bool,
    /// From where on WAL is kept, as `4A/81F00000`; none if nothing is.
    pub restart_lsn: Option<String>,
    /// How much WAL that is, in bytes.
    pub retained_bytes: Option<i64>,
    /// How much a logical consumer has not confirmed, in bytes.
    pub unconfirmed_bytes: Option<i64>,
    /// How many transactions began since the oldest whose rows are kept for it.
    pub xmin_age: Option<u64>,
    /// The same, of rows of the catalogue.
    pub catalog_xmin_age: Option<u64>,
    /// `reserved`, `extended`, `unreserved` or `lost`; none before 13.
    pub wal_status: Option<String>,
    /// How much more may be written until it is in danger of being lost, in bytes; none without a limit, and before 13.
    pub safe_wal_bytes: Option<i64>,
    /// For how long nobody has read from it, in seconds; none before 17.
    pub inactive_s: Option<u64>,
    /// Why it is of no use any more, such as `wal_removed`; none if it is, and before 17.
    pub invalidation: Option<String>,
    /// Whether standbys are to have it, too; none before 17.
    pub failover: Option<bool>,
}

/// Someone to whom WAL is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSender {
    /// The process that sends.
    pub pid: u32,
    /// What the standby calls itself.
    pub application: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// `streaming`, `catchup`, `backup` and so on; none if it may not be seen.
    pub state: Option<String>,
    /// `async`, `sync`, `potential` or `quorum`; none if it may not be seen.
    pub sync_state: Option<String>,
    /// How much was written here, and not yet sent to it, in bytes.
    pub unsent_bytes: Option<i64>,
    /// How much was written here, and not yet flushed there, in bytes.
    pub unflushed_bytes: Option<i64>,
    /// How much was written here, and not yet replayed there, in bytes.
    pub unreplayed_bytes: Option<i64>,
    /// How old the newest that it replayed was then, in seconds; none if it has replayed everything for a while.
    pub replay_lag_s: Option<u64>,
    /// How many transactions began since the oldest that its queries may still see (`hot_standby_feedback`).
    pub xmin_age: Option<u64>,
    /// When it last said how far it is, in seconds.
    pub reply_s: Option<u64>,
}

/// How far a standby is; of a primary its own place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresWalPlace {
    /// Up to where WAL is here, as a number of bytes since the cluster was made.
    pub end: Option<u64>,
    /// On a standby: up to where it was received from its primary.
    pub received: Option<u64>,
    /// On a standby: up to where it was replayed.
    pub replayed: Option<u64>,
    /// On a standby: how old the newest transaction is that it replayed, in seconds.
    pub replayed_s: Option<u64>,
    /// On a standby: whether somebody paused it.
    pub paused: Option<bool>,
    /// Up to which transaction numbers are given out, the epoch included.
    pub next_xid: u64,
}

/// On a standby: the process that receives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresReceiver {
    /// The process.
    pub pid: u32,
    /// `streaming` and so on; none if it may not be seen.
    pub status: Option<String>,
    /// Since when nothing came from the primary, in seconds.
    pub silent_s: Option<u64>,
}

/// The archiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresArchiver {
    /// Whether there is a command or a library: which, is not asked, as it may hold a secret.
    pub is_set: bool,
    /// How many files were archived since the numbers were set back.
    pub archived: u64,
    /// The last one.
    pub last_archived: Option<String>,
    /// When that was, in milliseconds since 1970.
    pub last_archived_ms: Option<u64>,
    /// How often it failed since then.
    pub failed: u64,
    /// On which file it failed last.
    pub last_failed: Option<String>,
    /// When that was, in milliseconds since 1970.
    pub last_failed_ms: Option<u64>,
    /// What time the server has, in milliseconds since 1970.
    pub now_ms: u64,
}

/// WAL on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresFiles {
    /// How many files there are.
    pub count: u64,
    /// How large they are together, in bytes.
    pub bytes: u64,
}

/// The disk that holds the WAL of a server on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresDisk {
    /// The folder.
    pub folder: String,
    /// What is free on it, in bytes.
    pub free_bytes: u64,
    /// How large it is, in bytes.
    pub total_bytes: u64,
}

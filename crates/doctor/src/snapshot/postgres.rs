//! A server of PostgreSQL, 12 to 18, as one role may see it.
//!
//! What a version does not have, or a role may not see, is `None` in a row and not `Seen` as a part: never a zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Offset, Probed};

mod bloat;
mod collations;
mod configuration;
mod conflicts;
mod counters;
mod decoding;
mod density;
mod gin;
mod index_heads;
mod peers;
mod plans;
mod slru;
mod statement_counts;
mod subscriptions;
mod toast;
mod unanalysed;

pub use bloat::*;
pub use collations::*;
pub use configuration::*;
pub use conflicts::*;
pub use counters::*;
pub use decoding::*;
pub use density::*;
pub use gin::*;
pub use index_heads::*;
pub use peers::*;
pub use plans::*;
pub use slru::*;
pub use statement_counts::*;
pub use subscriptions::*;
pub use toast::*;
pub use unanalysed::*;
mod databases;
mod replication;
mod sessions;
mod tables;

pub use databases::*;
pub use replication::*;
pub use sessions::*;
pub use tables::*;

/// A server of PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// The server, and who asks.
    pub identity: Probed<PostgresIdentity>,
    /// How far its clock is from that of the machine that looks.
    pub clock: Probed<Offset>,
    /// `pg_settings`, of those names that checks need; what may hold a secret is not asked for.
    pub settings: Probed<BTreeMap<String, PostgresSetting>>,
    /// `pg_db_role_setting`, of the same names.
    pub overrides: Probed<Vec<PostgresOverride>>,
    /// Rules that sort text.
    pub collations: PostgresCollations,
    /// What stands in files and does not run.
    pub configuration: PostgresConfiguration,
    /// What a standby cancelled.
    pub conflicts: Probed<PostgresConflicts>,
    /// Since when the server counts.
    pub counters: Probed<PostgresCounters>,
    /// The largest GIN indexes that sort in later, at most 100.
    pub gin: Probed<Vec<PostgresGin>>,
    /// What was decoded for logical slots, at most 100.
    pub decoding: Probed<Vec<PostgresDecoding>>,
    /// How full the leaves of B-trees are, of at most 20; only if the look is deep.
    pub density: Probed<Vec<PostgresDensity>>,
    /// Tables of at least 1 GiB, by what of them is not needed, at most 100.
    pub bloat: Probed<Vec<PostgresBloat>>,
    /// Tables with the most stored apart, at most 50.
    pub toast: Probed<Vec<PostgresToast>>,
    /// Statements that cost most, at most 100.
    pub statements: Probed<Vec<PostgresStatement>>,
    /// What B-tree indexes are sorted by first, of the largest tables, at most 500.
    pub index_heads: Probed<Vec<PostgresIndexHead>>,
    /// Caches of transactions.
    pub slru: PostgresSlru,
    /// Subscriptions of the database that was asked, at most 100.
    pub subscriptions: Probed<Vec<PostgresSubscription>>,
    /// The largest tables that were not analysed since their counters began, at most 100.
    pub unanalysed: Probed<Vec<PostgresUnanalysed>>,
    /// Statements that failed as a table changed under their plan, by the log of a server on this machine.
    pub plan_errors: Probed<PostgresPlanErrors>,
    /// Tables whose columns changed within a day, the last first, at most 20; only with `track_commit_timestamp`.
    pub altered: Probed<Vec<PostgresAltered>>,
    /// How many connections there are.
    pub connections: Probed<PostgresConnections>,
    /// Connections by where they are from: those with the most first, at most 50.
    pub clients: Probed<Vec<PostgresClients>>,
    /// Sessions of clients by the connection that each has: those that keep something beyond their transaction first, at most 500.
    pub peers: Probed<Vec<PostgresPeer>>,
    /// Roles whose connections have a limit.
    pub role_limits: Probed<Vec<PostgresRoleLimit>>,
    /// Sessions that hold a transaction or a snapshot: the 100 that began first, and the 20 with the oldest snapshot.
    pub sessions: Probed<Vec<PostgresSession>>,
    /// Transactions that are prepared, the oldest first, at most 50.
    pub prepared: Probed<Vec<PostgresPrepared>>,
    /// Locks that are waited for, at most 50.
    pub waits: Probed<Vec<PostgresWait>>,
    /// Sessions that wait for these, and those that hold them up, at most 100.
    pub contenders: Probed<Vec<PostgresSession>>,
    /// Slots, those that keep most first, at most 100.
    pub slots: Probed<Vec<PostgresSlot>>,
    /// Standbys, and others to whom WAL is sent.
    pub senders: Probed<Vec<PostgresSender>>,
    /// The process that receives, on a standby: at most one.
    pub receiver: Probed<Vec<PostgresReceiver>>,
    /// Up to where WAL is.
    pub wal_place: Probed<PostgresWalPlace>,
    /// WAL on disk: `pg_ls_waldir`.
    pub wal_files: Probed<PostgresFiles>,
    /// The disk of the WAL, where the server is on this machine.
    pub wal_disk: Probed<PostgresDisk>,
    /// The archiver.
    pub archiver: Probed<PostgresArchiver>,
    /// Files of WAL that wait for the archiver: `pg_ls_archive_statusdir`, without their bytes.
    pub archive_ready: Probed<PostgresFiles>,
    /// All databases, and what they share; at most 1000.
    pub databases: Probed<Vec<PostgresDatabase>>,
    /// Files that hold members of multixacts.
    pub multixact_files: Probed<PostgresFiles>,
    /// Checkpoints.
    pub checkpoints: Probed<PostgresCheckpoints>,
    /// Tables: of the 5000 largest those that are worst by one thing or another.
    pub tables: Probed<Vec<PostgresTable>>,
    /// Sequences that can come to an end before all 64 bits are used, at most 300.
    pub sequences: Probed<Vec<PostgresSequence>>,
    /// Indexes: those that are not valid, and the 500 largest.
    pub indexes: Probed<Vec<PostgresIndex>>,
    /// Constraints that are not valid, at most 100.
    pub constraints: Probed<Vec<PostgresConstraint>>,
    /// Foreign keys without an index, of the largest tables, at most 100.
    pub foreign_keys: Probed<Vec<PostgresForeignKey>>,
}

/// The server, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresIdentity {
    /// `server_version_num`, such as 150004.
    pub version: u32,
    /// Whether it is a standby, or else restores an archive.
    pub in_recovery: bool,
    /// The role that asks.
    pub role: String,
    /// Whether that is a superuser.
    pub superuser: bool,
    /// Whether that is a member of `pg_monitor`.
    pub monitor: bool,
}

/// A setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSetting {
    /// Its name.
    pub name: String,
    /// Its value, in its unit.
    pub setting: String,
    /// `8kB`, `ms` and so on; none if it has none.
    pub unit: Option<String>,
    /// From where it is: `default`, `configuration file`, `command line`.
    pub source: String,
    /// Whether it is changed in a file and waits for a restart.
    pub pending_restart: bool,
    /// Whether ALTER SYSTEM set it, where it is from a file; none if that may not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_altered: Option<bool>,
}

/// A setting that a database or a role has of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresOverride {
    /// The database; none if it is for all.
    pub database: Option<String>,
    /// The role; none if it is for all.
    pub role: Option<String>,
    /// `name=value`.
    pub setting: String,
}

impl Postgres {
    /// Its version, such as 150004.
    pub fn version(&self) -> Result<u32, crate::check::Blind> {
        Ok(self.identity.seen()?.version)
    }

    /// The value of a setting, in its unit; a version that does not have it makes that absent.
    pub fn setting(&self, name: &str) -> Result<&str, crate::check::Blind> {
        let setting = self.settings.seen()?.get(name);
        let absent = || crate::check::Blind::Absent(format!("setting {name} in this version"));
        Ok(&setting.ok_or_else(absent)?.setting)
    }
}

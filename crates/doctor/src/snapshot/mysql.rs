//! A server of MySQL or MariaDB.
//!
//! What a version does not have, or an account may not see, is not `Seen` as a part or not there in a map: never a zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Offset, Pair, Probed, growth};
use crate::check::Blind;

mod activity;
mod replication;
mod tables;

pub use activity::*;
pub use replication::*;
pub use tables::*;

/// A server of MySQL or MariaDB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mysql {
    /// The server, and who asks.
    pub identity: Probed<MysqlIdentity>,
    /// How far its clock is from that of the machine that looks.
    pub clock: Probed<Offset>,
    /// `SHOW GLOBAL VARIABLES`, of those names that checks need, in lower case.
    pub variables: Probed<BTreeMap<String, String>>,
    /// `SHOW GLOBAL STATUS`, of those names that checks need, in lower case.
    pub status: Probed<BTreeMap<String, String>>,
    /// The same once more, when all else had been asked: growth counts from here, so that what the doctor itself made the server do
    /// is none of it.
    pub status_end: Probed<BTreeMap<String, String>>,
    /// `INNODB_METRICS` that are enabled, of those names that checks need.
    pub metrics: Probed<BTreeMap<String, u64>>,
    /// What this server is a replica of; nothing if of none.
    pub channels: Probed<Vec<MysqlChannel>>,
    /// Its binary logs; absent where it writes none.
    pub logs: Probed<MysqlLogs>,
    /// How much room there is where the binary logs are; only of a server on this machine.
    pub log_disk: Probed<MysqlDisk>,
    /// Sessions, but for that of the doctor: those that have been in their state longest.
    pub sessions: Probed<Vec<MysqlSession>>,
    /// Transactions of InnoDB: the oldest.
    pub transactions: Probed<Vec<MysqlTransaction>>,
    /// Who waits for a row that whom holds.
    pub row_waits: Probed<Vec<MysqlRowWait>>,
    /// Tables that have no key by which a row could be told: the largest.
    pub keyless: Probed<Vec<MysqlTable>>,
    /// Tables of an engine without transactions: the largest.
    pub unsafe_tables: Probed<Vec<MysqlTable>>,
    /// Columns that count up by themselves: those that are nearest to their end.
    pub counters: Probed<Vec<MysqlCounter>>,
    /// Accounts that anybody could use.
    pub accounts: Probed<Vec<MysqlAccount>>,
    /// Statements that read most rows, with literals taken out.
    pub digests: Probed<Vec<MysqlDigest>>,
}

/// The server, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlIdentity {
    /// As it tells it, such as `10.11.19-MariaDB`.
    pub version: String,
    /// The account that asks, such as `doctor@%`.
    pub account: String,
    /// Privileges that the account has on all databases.
    pub privileges: Vec<String>,
}

/// Binary logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlLogs {
    /// How many files.
    pub files: u64,
    /// How many bytes they are together.
    pub bytes: u64,
}

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlDisk {
    /// What a server that is not root may still write.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

/// An account that anybody could use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlAccount {
    /// Its name; empty for one that has none.
    pub user: String,
    /// From where it may come.
    pub host: String,
    /// Whether it needs no password.
    pub open: bool,
    /// Whether it may do everything.
    pub all: bool,
}

impl MysqlIdentity {
    /// Whether it is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }

    /// Its version as a number, such as `101119` of 10.11.19 and `80036` of 8.0.36.
    pub fn number(&self) -> u32 {
        // Older MariaDB says "5.5.5-10.3.1-MariaDB", for old clients.
        let version = self.version.strip_prefix("5.5.5-").unwrap_or(&self.version);
        let digits = version.split(|c: char| !c.is_ascii_digit()).take(3);
        digits.chain(["0"; 3]).take(3).fold(0, |all, part| {
            all.saturating_mul(100).saturating_add(part.parse().unwrap_or(0).min(99))
        })
    }

    /// Whether the account has a privilege on all databases.
    pub fn has(&self, privilege: &str) -> bool {
        self.privileges.iter().any(|it| it == privilege || it == "ALL PRIVILEGES")
    }
}

impl Mysql {
    /// Whether it is MariaDB.
    pub fn is_mariadb(&self) -> Result<bool, Blind> {
        Ok(self.identity.seen()?.is_mariadb())
    }

    /// A setting; a version that does not have it makes that absent.
    pub fn variable(&self, name: &str) -> Result<&str, Blind> {
        let found = self.variables.seen()?.get(name);
        Ok(found.ok_or_else(|| Blind::Absent(format!("setting {name} in this version")))?)
    }

    /// A setting that other versions do not have.
    pub fn variable_if_any(&self, name: &str) -> Result<Option<&str>, Blind> {
        Ok(self.variables.seen()?.get(name).map(String::as_str))
    }

    /// The first of these settings that this version has.
    pub fn variable_of(&self, names: &[&str]) -> Result<&str, Blind> {
        let all = self.variables.seen()?;
        let found = names.iter().find_map(|name| all.get(*name));
        Ok(found.ok_or_else(|| {
            Blind::Absent(format!("setting {} in this version", names.join(" or ")))
        })?)
    }

    /// A setting that is a number, or begins with one.
    pub fn number_of(&self, names: &[&str]) -> Result<u64, Blind> {
        number(self.variable_of(names)?, names)
    }

    /// A value of the status that is a number; none if this version does not keep it.
    pub fn status_number(&self, name: &str) -> Result<Option<u64>, Blind> {
        status_number(&self.status, name)
    }

    /// Whether an account without a right on a table would not even see it: then what was found is not all there is.
    pub fn sees_all_tables(&self) -> Result<(), Blind> {
        let identity = self.identity.seen()?;
        if identity.has("SELECT") {
            return Ok(());
        }
        Err(Blind::Denied(format!(
            "SELECT on *.*, as tables without a right on them are not shown: GRANT SELECT ON *.* TO {}",
            identity.account
        )))
    }
}

impl Pair<'_, Mysql> {
    /// How much a counter of the status grew, without what the first look itself made it grow.
    ///
    /// # Errors
    /// It is unknown, or was set back.
    pub fn status_growth(&self, name: &str) -> Result<u64, Blind> {
        let first = self.before()?;
        let first = if first.status_end.seen().is_ok() { &first.status_end } else { &first.status };
        growth(name, status_number(first, name)?, self.after()?.status_number(name)?)
    }
}

fn status_number(
    status: &Probed<BTreeMap<String, String>>,
    name: &str,
) -> Result<Option<u64>, Blind> {
    let found = status.seen()?.get(name);
    found.map(|value| number(value, &[name])).transpose()
}

fn number(value: &str, names: &[&str]) -> Result<u64, Blind> {
    let whole = value.split('.').next().unwrap_or(value);
    let number = whole.parse().ok();
    number.ok_or_else(|| Blind::Failed(format!("{} is no number: {value}", names.join(" or "))))
}

#[cfg(test)]
mod tests;

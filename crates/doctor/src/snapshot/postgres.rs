//! A server of PostgreSQL, 12 to 18, as one role may see it.
//!
//! What a version does not have, or a role may not see, is `None` in a row and not `Seen` as a part: never a zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Probed;

/// A server of PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// The server, and who asks.
    pub identity: Probed<PostgresIdentity>,
    /// `pg_settings`, of those names that checks need; what may hold a secret is not asked for.
    pub settings: Probed<BTreeMap<String, PostgresSetting>>,
    /// `pg_db_role_setting`, of the same names.
    pub overrides: Probed<Vec<PostgresOverride>>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

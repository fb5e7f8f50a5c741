//! By which rules text is sorted: what was written down when indexes were built, and what the system has now.

use serde::{Deserialize, Serialize};

use crate::snapshot::Probed;

/// Rules that sort text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresCollations {
    /// Of databases that take connections, at most 100; the one that was asked is the first.
    pub databases: Probed<Vec<PostgresDatabaseCollation>>,
    /// Of those that an index of the users uses, in the database that was asked.
    pub used: Probed<Vec<PostgresCollation>>,
}

/// What sorts text in a database unless something else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresDatabaseCollation {
    /// The database.
    pub name: String,
    /// `c` the C library, `i` ICU, `b` PostgreSQL itself.
    pub provider: String,
    /// Such as `C`, `en_US.UTF-8`, `de`.
    pub locale: Option<String>,
    /// The version when the database was made, or refreshed; none before 15, and where there are none.
    #[serde(default)]
    pub recorded: Option<String>,
    /// The version that the system has now; none before 15, and where there are none.
    #[serde(default)]
    pub actual: Option<String>,
}

/// One that an index uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresCollation {
    /// Its name, with its schema if it needs one.
    pub name: String,
    /// Whether it is the one of the database: then that has the versions.
    pub is_default: bool,
    /// `c` the C library, `i` ICU, `b` PostgreSQL itself, `d` that of the database.
    pub provider: String,
    /// Such as `C`, `en_US.UTF-8`, `de`.
    #[serde(default)]
    pub locale: Option<String>,
    /// The version when it was made, or refreshed.
    #[serde(default)]
    pub recorded: Option<String>,
    /// The version that the system has now.
    #[serde(default)]
    pub actual: Option<String>,
    /// How many indexes use it.
    pub indexes: u64,
    /// Some of them, at most 10, with their schemas.
    pub examples: Vec<String>,
}

//! Plans that are kept, and tables that changed under them.

use serde::{Deserialize, Serialize};

/// Statements that failed as their kept plan gives another result than when they were prepared, by the server's own log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresPlanErrors {
    /// When, in seconds since 1970: the last of them, at most 1000.
    pub times_s: Vec<u64>,
    /// How many more have no time that can be read.
    pub timeless: u64,
    /// From when on the log was read, in seconds since 1970: the first time that stands there; none if none does.
    pub since_s: Option<u64>,
    /// Whether that is from the start of the server on.
    pub from_start: bool,
}

/// A table whose columns changed after it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresAltered {
    /// Its name, with its schema.
    pub name: String,
    /// How long ago they last did, in seconds.
    pub altered_s: u64,
}

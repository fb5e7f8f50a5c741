//! What stands in the files of settings and is not what the server runs with.

use serde::{Deserialize, Serialize};

use crate::snapshot::Probed;

/// Settings that are not as the files say. Names only, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresConfiguration {
    /// Those that are changed in a file and wait for a restart, of those that the role may see; at most 100.
    pub pending: Probed<Vec<String>>,
    /// Lines that the server cannot take, at most 50; those that only wait for a restart are not among them.
    pub errors: Probed<Vec<PostgresFileError>>,
}

/// A line of a file that the server cannot take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresFileError {
    /// The path of the file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The setting; none if the line cannot be read at all.
    pub name: Option<String>,
    /// What is wrong, as the server says it; it names no value.
    pub error: String,
}

//! Room in tables that no row needs.

use serde::{Deserialize, Serialize};

use super::Probed;

/// So many of the largest tables are looked at.
pub const TABLES_MAX: usize = 100;

/// A large table, and what its rows need by the statistics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresBloat {
    /// Its name, with its schema.
    pub name: String,
    /// How large it is, in pages, by its last vacuum or analyze; without its indexes and what it stores apart.
    pub pages: u64,
    /// How large a page is, in bytes.
    pub page_bytes: u64,
    /// Rows, by its last vacuum or analyze; none if there was none.
    pub rows: Option<u64>,
    /// Of each page so much may be filled, in percent.
    pub fill: u64,
    /// Columns, without those that are computed when they are read.
    pub columns: u64,
    /// The bytes of the values of a row on the average; none if it has not been analysed, or if they may not be seen.
    pub width: Option<u64>,
    /// Columns that have no statistics, and of which none are made (`SET STATISTICS 0`).
    pub without: u64,
    /// Whether row security hides rows from the role: then it may not see the statistics, either.
    pub filtered: bool,
    /// Whether the role may read all of it: else it may not see the statistics of its columns.
    pub readable: bool,
    /// What reading it found; only if the look is deep.
    pub measured: Probed<PostgresSpace>,
}

/// What was found in a table, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSpace {
    /// All of it.
    pub bytes: u64,
    /// Rows that nobody sees any more.
    pub dead_bytes: u64,
    /// Free.
    pub free_bytes: u64,
}

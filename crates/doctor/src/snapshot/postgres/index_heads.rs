//! What indexes are sorted by first.

use serde::{Deserialize, Serialize};

/// A B-tree index that can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresIndexHead {
    /// Its name, without its schema.
    pub name: String,
    /// Its table, without its schema.
    pub table: String,
    /// Rows of that, by the last vacuum or analyze.
    pub rows: i64,
    /// The column that comes first; none if it is an expression.
    pub column: Option<String>,
    /// The function that is called first, if an expression comes first and is one call.
    pub function: Option<String>,
    /// Which rows are in it, without literals; none if all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The columns in that condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub condition_columns: Vec<String>,
    /// Scans of it since the numbers were set back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<u64>,
    /// Scans of all of its table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_scans: Option<u64>,
}

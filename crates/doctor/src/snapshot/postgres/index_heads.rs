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
}

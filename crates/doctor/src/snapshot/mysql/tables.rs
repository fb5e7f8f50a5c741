//! Tables and their columns.

use serde::{Deserialize, Serialize};

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlTable {
    /// `database.table`.
    pub name: String,
    /// Its engine.
    pub engine: String,
    /// About how many rows it has; none if the server has not counted them.
    pub rows: Option<u64>,
}

/// A column that counts up by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlCounter {
    /// `database.table`.
    pub table: String,
    /// Its name.
    pub column: String,
    /// Its type, such as `int(10) unsigned`.
    pub column_type: String,
    /// The number that the next row gets; none if the server did not say.
    pub next: Option<u64>,
}

impl MysqlCounter {
    /// The largest number that the column can hold; none of a type that is not known. A `FLOAT` or `DOUBLE` is none: it stops to
    /// tell numbers apart before it ends.
    pub fn maximum(&self) -> Option<u64> {
        let (name, _) = self.column_type.split_at(
            self.column_type
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(self.column_type.len()),
        );
        let bits = match name.to_ascii_lowercase().as_str() {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" | "integer" => 32,
            "bigint" => 64,
            _ => return None,
        };
        let signed = u32::from(!self.column_type.to_ascii_lowercase().contains("unsigned"));
        Some(u64::MAX >> (64 - bits + signed))
    }
}

//! Tables, sequences, indexes and constraints of the database that was asked: the largest and the worst, never all.

use serde::{Deserialize, Serialize};

/// A table. Its sizes are those of its last vacuum or analyze, as nothing is opened to look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// How large it is, in pages; without its indexes and what it stores apart.
    pub pages: u64,
    /// How large what it stores apart is (TOAST), in pages.
    pub toast_pages: u64,
    /// How many rows its pages hold, by the last vacuum or analyze; -1 if there was none (14 and later).
    pub rows: i64,
    /// How many rows live, by the statistics.
    pub live: u64,
    /// How many rows are dead and not yet removed, by the statistics.
    pub dead: u64,
    /// How many were inserted since the last vacuum; none before 13.
    pub inserted_since_vacuum: Option<u64>,
    /// How many were changed since the last analyze.
    pub changed_since_analyze: u64,
    /// Rows inserted since the numbers were set back.
    pub inserts: u64,
    /// Rows updated.
    pub updates: u64,
    /// Of these, within their page.
    pub hot_updates: u64,
    /// Of these, moved to another page; none before 16.
    pub moved_updates: Option<u64>,
    /// Rows deleted.
    pub deletes: u64,
    /// Scans of all of it.
    pub scans: u64,
    /// Rows that those read.
    pub scanned_rows: u64,
    /// Scans of its indexes; none without one.
    pub index_scans: Option<u64>,
    /// When it was last vacuumed, by somebody or by itself, in seconds.
    pub vacuum_s: Option<u64>,
    /// When it was last analyzed, in seconds.
    pub analyze_s: Option<u64>,
    /// How often it was vacuumed by itself.
    pub autovacuums: u64,
    /// How many transactions began since the oldest of it that is not frozen.
    pub xid_age: Option<u64>,
    /// The same, of multixacts.
    pub multixact_age: Option<u64>,
    /// Settings of its own, each `name=value`.
    pub options: Vec<String>,
}

/// A sequence that does not fit its use for ever, and where its numbers go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSequence {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `integer` and so on.
    pub kind: String,
    /// The last that it may give.
    pub max: i64,
    /// How far one is from the next.
    pub step: i64,
    /// Whether it begins again after its last.
    pub cycles: bool,
    /// The last that it gave; none if it gave none, or if it may not be seen.
    pub last: Option<i64>,
    /// Whether it may be seen.
    pub readable: bool,
    /// The columns that take from it, and those that refer to such a column.
    pub columns: Vec<PostgresColumn>,
}

/// A column that numbers of a sequence come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresColumn {
    /// Its schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// `integer` and so on.
    pub kind: String,
    /// Whether it refers to the column that takes from the sequence, and does not take itself.
    pub refers: bool,
}

/// An index. Its size is that of its last vacuum or analyze.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own in `pg_index`")]
pub struct PostgresIndex {
    /// Its schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// `btree` and so on.
    pub method: String,
    /// How large it is, in pages.
    pub pages: u64,
    /// How large its table is, in pages.
    pub table_pages: u64,
    /// How many rows its table has, by the last vacuum or analyze.
    pub table_rows: i64,
    /// Whether queries may use it.
    pub valid: bool,
    /// Whether writes keep it up.
    pub ready: bool,
    /// Whether it holds its values unique.
    pub unique: bool,
    /// Whether it is that of the primary key.
    pub primary: bool,
    /// Whether a constraint stands on it.
    pub constraint: bool,
    /// Whether it names rows for logical replication.
    pub identity: bool,
    /// What tells it from others: columns, classes, collations, order, expressions and condition; those with the same do the same.
    pub key: String,
    /// Scans since the numbers were set back.
    pub scans: u64,
    /// When the last one was, in seconds; none before 16, or if there was none.
    pub scan_s: Option<u64>,
    /// Whether somebody builds or rebuilds it now.
    pub building: bool,
}

/// A constraint that old rows were not held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConstraint {
    /// Its schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// `f` is a foreign key, `c` a check, `n` a column that is not null.
    pub kind: String,
}

/// A foreign key without an index on its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresForeignKey {
    /// The schema of its table.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Its columns, quoted, with commas between.
    pub columns: String,
    /// How large its table is, in pages.
    pub pages: u64,
    /// How many rows its table has, by the last vacuum or analyze.
    pub rows: i64,
    /// The table that it refers to, with its schema.
    pub parent: String,
    /// Rows that were deleted from that since the numbers were set back.
    pub parent_deletes: u64,
}

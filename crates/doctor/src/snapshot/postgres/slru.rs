//! Small caches of what became of transactions, and who makes them needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::snapshot::Probed;

/// Caches of subtransactions and of row locks that several hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSlru {
    /// By the name that they have from 17 on: `subtransaction`, `multixact_offset`, `multixact_member`.
    pub caches: Probed<BTreeMap<String, PostgresSlruCache>>,
    /// Sessions with more subtransactions than fit the memory that others look at, at most 20; from 16 on.
    pub overflowed: Probed<Vec<PostgresOverflowed>>,
}

/// One of them, since its counters began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSlruCache {
    /// Pages that were not in it and had to be read from files.
    pub blks_read: Option<u64>,
    /// Pages that were in it.
    pub blks_hit: Option<u64>,
}

/// A session with more than 64 subtransactions at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresOverflowed {
    /// Its process.
    pub pid: u32,
    /// The name that its program gave itself; none if the role may not see it.
    pub application: Option<String>,
    /// For how long its transaction is open, in seconds; none if the role may not see it.
    pub seconds: Option<u64>,
}

//! GIN indexes, and what waits in them to be sorted in.

use serde::{Deserialize, Serialize};

use crate::snapshot::Probed;

/// A GIN index that keeps what is new in a list of its own first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresGin {
    /// Its name, with its schema if it needs one.
    pub name: String,
    /// Its table.
    pub table: String,
    /// How long its list may become, in kB: its own, or that of the server.
    pub limit_kb: u64,
    /// Pages of the list, each of [`Self::page_bytes`].
    pub pages: Probed<u64>,
    /// How long a page is.
    pub page_bytes: u64,
}

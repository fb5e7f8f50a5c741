//! A PgBouncer.

use serde::{Deserialize, Serialize};

/// A PgBouncer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pgbouncer {}

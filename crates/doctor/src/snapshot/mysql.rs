//! A server of MySQL or MariaDB.

use serde::{Deserialize, Serialize};

/// A server of MySQL or MariaDB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mysql {}

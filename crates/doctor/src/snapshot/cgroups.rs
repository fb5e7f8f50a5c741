//! Control groups, of version 1 and 2.

use serde::{Deserialize, Serialize};

/// Control groups, of version 1 and 2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cgroups {}

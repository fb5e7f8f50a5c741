//! File systems, and the disks below them.

use serde::{Deserialize, Serialize};

/// File systems, and the disks below them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disks {}

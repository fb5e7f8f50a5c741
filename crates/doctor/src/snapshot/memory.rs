//! Memory, swap and the scheduler.

use serde::{Deserialize, Serialize};

/// Memory, swap and the scheduler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {}

//! The kernel, its settings, and what is started on it.

use serde::{Deserialize, Serialize};

/// The kernel, its settings, and what is started on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct System {}

//! Clocks, and what keeps them right.

use serde::{Deserialize, Serialize};

/// Clocks, and what keeps them right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {}

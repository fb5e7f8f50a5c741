//! A server of Redis or Valkey.

use serde::{Deserialize, Serialize};

/// A server of Redis or Valkey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {}

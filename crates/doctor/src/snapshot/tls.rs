//! Certificates, of servers and of clients.

use serde::{Deserialize, Serialize};

/// Certificates, of servers and of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {}

//! Names, and the resolvers that answer for them.

use serde::{Deserialize, Serialize};

/// Names, and the resolvers that answer for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {}

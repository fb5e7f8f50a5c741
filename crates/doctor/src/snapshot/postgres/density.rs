//! How full the leaves of B-trees are.

use serde::{Deserialize, Serialize};

/// An index, read from its beginning to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresDensity {
    /// Its name, with its schema if it needs one.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// How full its leaves are, in hundredths of a percent; none of an index without leaves.
    pub leaf_density: Option<u64>,
}

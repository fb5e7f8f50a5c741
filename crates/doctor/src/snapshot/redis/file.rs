//! The file of settings, with which the server will start next time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A file of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisFile {
    /// Where it is; none if the server was started without one.
    pub path: Option<String>,
    /// What it says of those names that checks need, in the words of the file; of a name that it says often the last, of `save` all.
    pub settings: BTreeMap<String, String>,
    /// Whether it includes other files, whose settings are not here.
    pub includes: bool,
}

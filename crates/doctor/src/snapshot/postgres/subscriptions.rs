//! Subscriptions of logical replication.

use serde::{Deserialize, Serialize};

use crate::snapshot::Probed;

/// A subscription of the database that was asked. Its connection is never asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSubscription {
    /// Its name.
    pub name: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether its worker runs; none if the role may not see that.
    pub runs: Option<bool>,
    /// Tables that are not copied yet, or whose copy failed.
    pub unready: Probed<u64>,
    /// Errors of both kinds since the counters began, from 15 on.
    pub errors: Probed<PostgresSubscriptionErrors>,
}

/// What went wrong since the counters began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSubscriptionErrors {
    /// While changes were applied.
    pub apply: Option<u64>,
    /// While tables were copied at first.
    pub sync: Option<u64>,
}

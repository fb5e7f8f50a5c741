//! A cluster, as one of its nodes sees it.

use serde::{Deserialize, Serialize};

/// A cluster, without names and addresses of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisCluster {
    /// `cluster_state`: `ok` or `fail`.
    pub state: String,
    /// Slots that some node has.
    pub assigned: u64,
    /// Slots of nodes that are said to have failed.
    pub failed: u64,
    /// Slots of nodes that do not answer this one.
    pub suspected: u64,
    /// Nodes that are known.
    pub nodes: u64,
    /// Slots that this node is giving away, in order.
    pub migrating: Vec<u64>,
    /// Slots that this node is taking, in order.
    pub importing: Vec<u64>,
}

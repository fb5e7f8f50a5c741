//! Who is connected, counted: without names and addresses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Connections, the doctor's own left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisClients {
    /// How many of each kind.
    pub counts: BTreeMap<RedisClientKind, u64>,
    /// How many wait in a command that blocks (flag `b`), by its name.
    pub blocked: BTreeMap<String, u64>,
    /// Of each kind the most bytes of replies that one of them has not yet fetched (`omem`).
    pub most_output_bytes: BTreeMap<RedisClientKind, u64>,
}

/// A kind of client, as `client-output-buffer-limit` tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedisClientKind {
    /// Any other.
    Normal,
    /// One that the server feeds.
    Replica,
    /// One that has subscribed to something.
    Pubsub,
    /// The server's own connection to its primary.
    Primary,
}

impl RedisClientKind {
    /// As `client-output-buffer-limit` calls it; none where it has no limit.
    pub const fn class(self) -> Option<&'static str> {
        match self {
            Self::Normal => Some("normal"),
            Self::Replica => Some("slave"),
            Self::Pubsub => Some("pubsub"),
            Self::Primary => None,
        }
    }
}

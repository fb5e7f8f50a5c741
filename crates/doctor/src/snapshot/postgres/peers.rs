//! Sessions as their network knows them, and what they keep beyond their transaction.

use serde::{Deserialize, Serialize};

/// So many sessions are told of, at most: those first that keep something.
pub const PEERS_MAX: usize = 500;

/// The session of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresPeer {
    /// Its process.
    pub pid: u32,
    /// What the client calls itself.
    pub application: Option<String>,
    /// The address of the client; none over a socket of the machine, or if it may not be seen.
    pub address: Option<String>,
    /// The port of the client, as for the address.
    pub port: Option<u64>,
    /// `idle` and so on; none if it may not be seen.
    pub state: Option<String>,
    /// `LISTEN` or `SET`, if its last statement begins with that.
    pub verb: Option<String>,
    /// What it set with that, if it is a setting of the server; one with a dot in its name is told as `custom`.
    pub setting: Option<String>,
    /// Advisory locks that it has outside of any transaction.
    pub advisory: u64,
    /// Which, each by a hash of its key: the first 64 by that.
    pub advisory_keys: Vec<i64>,
}

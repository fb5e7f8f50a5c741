//! What goes over the network, as one namespace has it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Probed, Process};

/// A network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// TCP sockets that listen.
    #[serde(default)]
    pub listeners: Probed<Vec<Listener>>,
    /// The counters of `TcpExt`, by name.
    #[serde(default)]
    pub tcp_ext: Probed<BTreeMap<String, u64>>,
    /// The counters of UDP, by name.
    #[serde(default)]
    pub udp: Probed<BTreeMap<String, u64>>,
    /// UDP sockets that have lost datagrams.
    #[serde(default)]
    pub datagrams: Probed<Vec<Datagrams>>,
    /// `net.core.somaxconn`: what a backlog is cut to.
    #[serde(default)]
    pub somaxconn: Probed<u64>,
}

/// A TCP socket that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// Connections that are established and wait to be accepted.
    pub waiting: u32,
    /// More than so many may not wait.
    pub backlog: u32,
    /// Whose it is; looked for where more wait than may.
    pub process: Option<Process>,
}

/// A UDP socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datagrams {
    /// Where.
    pub address: SocketAddr,
    /// By what it is told from another with the same address.
    pub inode: u32,
    /// Datagrams that it has lost since it was opened.
    pub dropped: u64,
    /// Whose it is.
    pub process: Option<Process>,
}

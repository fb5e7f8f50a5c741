//! A PgBouncer, as its admin console tells of it. Holds no password and no line of a connection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PostgresPeer, Probed};
use crate::check::Blind;

/// A PgBouncer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pgbouncer {
    /// As `1.18.0`: `SHOW VERSION`.
    pub version: Probed<String>,
    /// `SHOW POOLS`, without that of the console; those in which clients wait come first.
    pub pools: Probed<Vec<PgbouncerPool>>,
    /// `SHOW SERVERS`, at most 1000.
    pub servers: Probed<Vec<PgbouncerServer>>,
    /// `SHOW DATABASES`, without the console.
    pub databases: Probed<Vec<PgbouncerDatabase>>,
    /// `SHOW STATS`, by the database that clients name, without the console.
    pub stats: Probed<BTreeMap<String, PgbouncerStats>>,
    /// `SHOW CONFIG`, of those names that checks need; what may hold a secret is not kept.
    pub config: Probed<BTreeMap<String, String>>,
    /// `SHOW LISTS`: how many there are of each.
    pub lists: Probed<BTreeMap<String, u64>>,
}

/// Connections that one user has to one database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PgbouncerPool {
    /// The database, as clients name it.
    pub database: String,
    /// The user.
    pub user: String,
    /// Clients that have a connection to the server, or want none.
    pub clients_active: Option<u64>,
    /// Clients that wait for one.
    pub clients_waiting: Option<u64>,
    /// Connections to the server that a client has.
    pub servers_active: Option<u64>,
    /// Those that nobody has: free, to be tested first, and being tested.
    pub servers_idle: Option<u64>,
    /// Those that are being made.
    pub servers_login: Option<u64>,
    /// For how long the first of the clients has waited, in milliseconds.
    pub longest_wait_ms: Option<u64>,
    /// `session`, `transaction` or `statement`; none of a version that does not tell.
    pub mode: Option<String>,
}

/// So many connections of a pooler are told of, at most.
pub const SERVERS_MAX: usize = 1_000;

/// A connection of the pooler to its server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PgbouncerServer {
    /// The database, as clients name it.
    pub database: String,
    /// The user.
    pub user: String,
    /// Where it goes to: an address, or `unix`.
    pub address: Option<String>,
    /// The port there.
    pub port: Option<u64>,
    /// From where it comes: an address, or `unix`. The server knows it by that, if nothing on the way changes it.
    pub own_address: Option<String>,
    /// The port here.
    pub own_port: Option<u64>,
    /// The process of the server, as it told when the connection was made; none if it did not.
    pub pid: Option<u64>,
}

/// A database that clients may name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PgbouncerDatabase {
    /// As clients name it.
    pub name: String,
    /// Where its server is: a host, or the folder of a socket; none where that is the default.
    pub host: Option<String>,
    /// The port of its server.
    pub port: Option<u64>,
    /// Connections that each user may have.
    pub pool_size: Option<u64>,
    /// Connections more, for when clients have waited for long.
    pub reserve: Option<u64>,
    /// Its own mode; none where it has that of the configuration.
    pub mode: Option<String>,
    /// Connections that all users together may have; 0 is no bound.
    pub connections_max: Option<u64>,
    /// Connections that there are.
    pub connections: Option<u64>,
    /// Whether somebody told it to wait with `PAUSE`.
    pub paused: Option<bool>,
    /// Whether somebody closed it with `DISABLE`.
    pub disabled: Option<bool>,
}

/// What went through since the pooler was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PgbouncerStats {
    /// Transactions.
    pub transactions: Option<u64>,
    /// Statements.
    pub queries: Option<u64>,
    /// For how long clients waited for a connection, in microseconds.
    pub wait_us: Option<u64>,
    /// Prepared statements that clients made, of the protocol; from 1.21 on, and only where they are kept track of.
    pub client_parses: Option<u64>,
}

impl Pgbouncer {
    /// A setting.
    ///
    /// # Errors
    /// It may not be seen, or this version has none.
    pub fn setting(&self, name: &str) -> Result<&str, Blind> {
        let found = self.config.seen()?.get(name).map(String::as_str);
        found.ok_or_else(|| Blind::Absent(format!("setting {name} in this version")))
    }

    /// Major and minor version, such as `(1, 18)`.
    ///
    /// # Errors
    /// It is not known.
    pub fn release(&self) -> Result<(u64, u64), Blind> {
        let version = self.version.seen()?;
        let mut numbers = version.split('.').map(|part| {
            let end = part.find(|it: char| !it.is_ascii_digit()).unwrap_or(part.len());
            part.get(..end).and_then(|digits| digits.parse().ok())
        });
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(Blind::Absent(format!("number in its version {version}"))),
        }
    }
}

impl PgbouncerServer {
    /// Whether a session of PostgreSQL is its other end: by where it comes from, and by the process where that is told.
    pub fn ends_at(&self, peer: &PostgresPeer) -> bool {
        let is_process = self.pid.is_none_or(|pid| pid == u64::from(peer.pid));
        match self.own_address.as_deref() {
            // Over a socket of the machine only the process tells them apart.
            Some("unix") => {
                let is_near = peer.address.is_none() && peer.state.is_some();
                self.pid.is_some() && is_process && is_near
            }
            Some(own) => {
                let is_port = peer.port.is_some() && peer.port == self.own_port;
                is_process && is_port && peer.address.as_deref() == Some(own)
            }
            None => false,
        }
    }
}

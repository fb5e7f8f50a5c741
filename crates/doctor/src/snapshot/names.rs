//! Names, and the resolvers that answer for them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Probed;

/// Names, and the resolvers that answer for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    /// `/etc/resolv.conf`.
    pub resolver: Probed<Resolver>,
    /// What each of its name servers answered to one question, in its order.
    pub answers: Probed<Vec<NameServer>>,
    /// `/etc/hosts`, line by line.
    pub hosts: Probed<Vec<HostsLine>>,
}

/// How names are looked up, by resolv.conf(5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolver {
    /// Name servers, of which the C library asks the first three.
    pub servers: Vec<IpAddr>,
    /// Domains that are tried after a name.
    pub search: Vec<String>,
    /// A name with fewer dots is tried with each of them first.
    pub ndots: u64,
    /// So long each name server is waited for, in seconds.
    pub timeout_s: u64,
    /// So often all of them are asked.
    pub attempts: u64,
}

/// What a name server answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameServer {
    /// Where it is.
    pub address: IpAddr,
    /// For what name it was asked: the machine's own, with a dot at its end, or the root.
    pub asked: String,
    /// What it answered in time.
    pub answer: Probed<Answer>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// After so many microseconds; none of them if it never came.
    pub after_us: u64,
    /// Its code, such as `No Error` or `Non-Existent Domain`.
    pub code: String,
    /// Addresses of the name, in order.
    pub addresses: Vec<IpAddr>,
    /// For so many seconds a resolver may keep that the name does not exist (RFC 2308); none if it does.
    pub negative_ttl_s: Option<u32>,
}

/// A line of `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostsLine {
    /// The address.
    pub address: IpAddr,
    /// Its names, in small letters.
    pub names: Vec<String>,
    /// Whether the address is one of this machine.
    pub own: bool,
}

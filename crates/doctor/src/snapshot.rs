//! What a probe saw, as it can be kept, sent and judged elsewhere.
//!
//! Knows no rule and takes no look itself. Each group of probes has its part in a file of its own; a part that is not there
//! (an earlier version took the snapshot, or a recording left it out) is not fine but absent.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::Blind;

mod cgroups;
mod clock;
mod disks;
mod etcd;
mod host;
mod memory;
mod mysql;
mod names;
mod network;
mod pgbouncer;
mod postgres;
mod processes;
mod redis;
mod server;
mod system;
mod tls;

pub use cgroups::*;
pub use clock::*;
pub use disks::*;
pub use etcd::*;
pub use host::*;
pub use memory::*;
pub use mysql::*;
pub use names::*;
pub use network::*;
pub use pgbouncer::*;
pub use postgres::*;
pub use processes::*;
pub use redis::*;
pub use server::*;
pub use system::*;
pub use tls::*;

/// The form of snapshots that this version writes and reads.
pub const FORMAT: u32 = 1;

/// What was found where a probe looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probed<T> {
    /// This.
    Seen(T),
    /// It may not look: this is what it would need.
    Denied(String),
    /// There is nothing: this file, or this call, does not exist here.
    Absent(String),
    /// Looking failed.
    Failed(String),
}

/// Of a snapshot that an earlier version took.
impl<T> Default for Probed<T> {
    fn default() -> Self {
        Self::Absent("such a part of the snapshot: an earlier version took it".to_owned())
    }
}

impl<T> Probed<T> {
    /// Makes something of what was seen.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Probed<U> {
        self.and_then(|seen| Probed::Seen(make(seen)))
    }

    /// Makes something of what was seen, if that can be.
    pub fn and_then<U>(self, make: impl FnOnce(T) -> Probed<U>) -> Probed<U> {
        match self {
            Self::Seen(seen) => make(seen),
            Self::Denied(needs) => Probed::Denied(needs),
            Self::Absent(what) => Probed::Absent(what),
            Self::Failed(error) => Probed::Failed(error),
        }
    }

    /// What was seen; else why a rule has to stay without a verdict.
    pub fn seen(&self) -> Result<&T, Blind> {
        match self {
            Self::Seen(seen) => Ok(seen),
            Self::Denied(needs) => Err(Blind::Denied(needs.clone())),
            Self::Absent(what) => Err(Blind::Absent(what.clone())),
            Self::Failed(error) => Err(Blind::Failed(error.clone())),
        }
    }
}

/// Everything that was seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`FORMAT`] when it was written.
    pub format: u32,
    /// When, in milliseconds since 1970, by the clock of the machine that looked.
    pub at_ms: u64,
    /// When, in milliseconds since that machine was started: a clock that nobody sets. 0 of an earlier version.
    #[serde(default)]
    pub up_ms: u64,
    /// The machine.
    pub host: Host,
    /// Servers of PostgreSQL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postgres: Vec<Server<Postgres>>,
    /// Servers of MySQL and MariaDB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mysql: Vec<Server<Mysql>>,
    /// Servers of Redis and Valkey.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redis: Vec<Server<Redis>>,
    /// Poolers of PgBouncer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pgbouncer: Vec<Server<Pgbouncer>>,
    /// Members of etcd.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub etcd: Vec<Server<Etcd>>,
    /// What the user says of what cannot be seen from here (`--fact NAME=VALUE`), by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

impl Snapshot {
    /// Milliseconds since it was taken when another one was; none if that is later. By the clock that nobody sets where both are of one
    /// run of the machine, else by the wall clock.
    pub fn age_at(&self, other: &Self) -> Option<u64> {
        let is_one_run = !self.host.boot.is_empty() && self.host.boot == other.host.boot;
        if is_one_run && self.up_ms > 0 && other.up_ms > 0 {
            return other.up_ms.checked_sub(self.up_ms);
        }
        other.at_ms.checked_sub(self.at_ms)
    }
}

/// Two snapshots of the same, as they are kept in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Where they are from.
    pub provenance: Provenance,
    /// The first.
    pub before: Snapshot,
    /// The second.
    pub after: Snapshot,
}

/// Where snapshots are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Taken of a real system: which, and by what command.
    Recorded(String),
    /// Put together by hand: after what.
    Composed(String),
}

impl Recording {
    /// Reads one, also out of a bundle.
    ///
    /// # Errors
    /// In a sentence: it is none, or of a version that is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |error| format!("it is no snapshot: {error}");
        // First, as a newer one has what this version does not know.
        let value: serde_json::Value = serde_json::from_str(text).map_err(wrong)?;
        let value = crate::bundle::recording_of(&value).cloned().unwrap_or(value);
        let format = value["before"]["format"].as_u64().unwrap_or(u64::from(FORMAT));
        if format != u64::from(FORMAT) {
            return Err(format!(
                "it is of format {format}, and this version reads {FORMAT}: take a newer one"
            ));
        }
        let recording: Self = serde_json::from_value(value).map_err(wrong)?;
        if recording.after.age_at(&recording.before).is_some() {
            return Err("its second look is not after its first".to_owned());
        }
        Ok(recording)
    }

    /// What rules judge.
    pub const fn window(&self) -> Window<'_> {
        Window { before: &self.before, after: &self.after }
    }
}

/// Two snapshots of the same, the second later.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The first.
    pub before: &'a Snapshot,
    /// The second: what is judged where it is not about growth.
    pub after: &'a Snapshot,
}

impl<'a> Window<'a> {
    /// How long it is, in seconds: by the clock that nobody sets, where both looks are of one run of the machine.
    pub fn seconds(&self) -> f64 {
        let (before, after) = (self.before, self.after);
        let by_wall = after.at_ms.saturating_sub(before.at_ms);
        let is_one_run = self.is_one_run() && before.up_ms > 0;
        let ms = after.up_ms.checked_sub(before.up_ms).filter(|_| is_one_run).unwrap_or(by_wall);
        Duration::from_millis(ms).as_secs_f64()
    }

    /// Whether the machine was not started anew between the looks.
    fn is_one_run(&self) -> bool {
        self.before.host.boot == self.after.host.boot
    }

    /// How much a counter of `TcpExt` grew.
    pub fn tcp_ext_growth(&self, name: &str) -> Result<u64, Blind> {
        self.host_growth(&format!("TcpExt{name}"), |host| {
            Ok(host.network.seen()?.tcp_ext.seen()?.get(name).copied())
        })
    }

    /// How much a counter of UDP grew.
    pub fn udp_growth(&self, name: &str) -> Result<u64, Blind> {
        self.host_growth(&format!("Udp{name}"), |host| {
            Ok(host.network.seen()?.udp.seen()?.get(name).copied())
        })
    }

    /// How much a counter of the machine grew; `None` from `of` is one that this kernel does not keep. One that was set back
    /// makes that unknown, and so does a machine that was started anew.
    pub fn host_growth(
        &self,
        name: &str,
        of: impl Fn(&Host) -> Result<Option<u64>, Blind>,
    ) -> Result<u64, Blind> {
        if !self.is_one_run() {
            let what = format!("growth of {name}: the machine was started anew between the looks");
            return Err(Blind::Absent(what));
        }
        growth(name, of(&self.before.host)?, of(&self.after.host)?)
    }

    /// What the two looks saw of each server of a kind.
    pub fn pairs<T>(&self, of: impl Fn(&'a Snapshot) -> &'a [Server<T>]) -> Vec<Pair<'a, T>> {
        let before = of(self.before);
        let pair = |server: &'a Server<T>| {
            let before = before.iter().find(|other| other.at == server.at);
            Pair { window: *self, server, before }
        };
        of(self.after).iter().map(pair).collect()
    }
}

/// How much a counter grew from one value to another.
pub(crate) fn growth(name: &str, before: Option<u64>, after: Option<u64>) -> Result<u64, Blind> {
    let absent = || Blind::Absent(format!("counter {name}"));
    let (before, after) = (before.ok_or_else(absent)?, after.ok_or_else(absent)?);
    let grown = after.checked_sub(before);
    grown.ok_or_else(|| {
        Blind::Absent(format!("growth of {name}: it was set back, from {before} to {after}"))
    })
}

#[cfg(test)]
mod tests;

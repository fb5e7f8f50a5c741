//! What a probe saw, as it can be kept, sent and judged elsewhere.
//!
//! Knows no rule and takes no look itself.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::check::Blind;

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
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The machine.
    pub host: Host,
}

/// A Linux machine, as the process sees it: with containers, their part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Processors that the process may use.
    pub cpus: u64,
    /// Its memory.
    pub memory_bytes: u64,
    /// The network namespace of the process.
    pub network: Network,
    /// File descriptors that are taken.
    #[serde(default)]
    pub descriptors: Probed<Descriptors>,
}

/// File descriptors over all processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptors {
    /// Processes that hold at least half of what they may.
    pub processes: Vec<Holder>,
    /// Percent of what it may have that the fullest of all holds.
    pub most: u64,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// How many descriptors a process holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process.
    pub process: Process,
    /// Descriptors that it has open.
    pub open: u64,
    /// More it may not have: its soft limit.
    pub limit: u64,
    /// What its soft limit may be raised to; none if to anything.
    pub hard: Option<u64>,
}

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

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it calls itself.
    pub name: String,
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
    /// Reads one.
    ///
    /// # Errors
    /// In a sentence: it is none, or of a version that is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |error| format!("it is no snapshot: {error}");
        // First, as a newer one has what this version does not know.
        let value: serde_json::Value = serde_json::from_str(text).map_err(wrong)?;
        let format = value["before"]["format"].as_u64().unwrap_or(u64::from(FORMAT));
        if format != u64::from(FORMAT) {
            return Err(format!(
                "it is of format {format}, and this version reads {FORMAT}: take a newer one"
            ));
        }
        let recording: Self = serde_json::from_value(value).map_err(wrong)?;
        if recording.after.at_ms <= recording.before.at_ms {
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

impl Window<'_> {
    /// How long it is, in seconds.
    pub fn seconds(&self) -> f64 {
        let ms = self.after.at_ms.saturating_sub(self.before.at_ms);
        std::time::Duration::from_millis(ms).as_secs_f64()
    }

    /// How much a counter of `TcpExt` grew.
    pub fn tcp_ext_growth(&self, name: &str) -> Result<u64, Blind> {
        self.growth(&format!("TcpExt{name}"), |snapshot| {
            Ok(snapshot.host.network.tcp_ext.seen()?.get(name).copied())
        })
    }

    /// How much a counter of UDP grew.
    pub fn udp_growth(&self, name: &str) -> Result<u64, Blind> {
        self.growth(&format!("Udp{name}"), |snapshot| {
            Ok(snapshot.host.network.udp.seen()?.get(name).copied())
        })
    }

    /// How much a counter grew; a kernel that does not keep it makes that unknown, and so does one that was set back.
    fn growth(
        &self,
        name: &str,
        of: impl Fn(&Snapshot) -> Result<Option<u64>, Blind>,
    ) -> Result<u64, Blind> {
        let absent = || Blind::Absent(format!("counter {name}"));
        let before = of(self.before)?.ok_or_else(absent)?;
        let after = of(self.after)?.ok_or_else(absent)?;
        let grown = after.checked_sub(before);
        grown.ok_or_else(|| Blind::Failed(format!("{name} went back from {before} to {after}")))
    }
}

impl Holder {
    /// Percent of what it may have that it holds; 0 where it may have none.
    pub fn share(&self) -> u64 {
        self.open.saturating_mul(100).checked_div(self.limit).unwrap_or(0)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} \"{}\"", self.pid, self.name)
    }
}

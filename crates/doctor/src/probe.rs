//! Looking at the world: the only part of this crate that touches it, labs apart.
//!
//! Reads, and nothing else. Each look is bounded: files by [`FILE_BYTES_MAX`], each group of the machine and each server by
//! [`LOOK`], or [`DEEP`]. What does not answer in that time is told as such, and holds up nothing else.
//!
//! Groups of the machine are looked at side by side, each in a thread of its own, as a read of a dead disk never comes back; a
//! thread has the network namespace of the one that called. Servers are asked side by side over one connection each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::fd::AsFd;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::time::Instant;

use crate::snapshot::{FORMAT, Host, Probed, Snapshot};

mod cgroups;
mod clock;
mod discover;
mod disks;
mod host;
mod memory;
mod names;
mod network;
mod owner;
mod processes;
mod server;
mod system;
mod tls;

pub use discover::discover;
pub use server::Endpoint;
use server::Sessions;

/// A longer file is not read: a part of it would say that the rest is not there. Some hundred mounts of a host of containers take a
/// megabyte, and each watch of inotify takes a hundred bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A group of the machine, and a server, is looked at for so long.
const LOOK: Duration = Duration::from_secs(2);

/// The same of a look that is deep.
const DEEP: Duration = Duration::from_secs(8);

/// One part of a group, where a part may wait for ever and the others are not to be lost with it.
const PART: Duration = Duration::from_millis(1_500);

/// When a look is taken.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// In milliseconds since 1970.
    pub at_ms: u64,
    /// In milliseconds since the machine was started.
    pub up_ms: u64,
}

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Whether to look at what costs more: see each check.
    pub deep: bool,
    /// Servers.
    pub servers: Vec<Endpoint>,
    /// What the user says of what cannot be seen from here, by name.
    pub facts: BTreeMap<String, String>,
}

/// What looking cost those that were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Statements and commands that servers were sent.
    pub queries: u64,
    /// Bytes that they answered, about.
    pub bytes: u64,
}

/// Looks, twice or more often, over the same connections.
#[derive(Debug)]
pub struct Probe {
    ask: Ask,
    sessions: Sessions,
}

impl Probe {
    /// Connects to the servers, as far as that can be.
    ///
    /// # Errors
    /// The system gives no means to wait for sockets.
    pub fn open(ask: Ask) -> io::Result<Self> {
        let sessions = Sessions::open(&ask.servers, &ask.facts)?;
        Ok(Self { ask, sessions })
    }

    /// Looks at everything that checks need.
    pub fn look(&mut self, now: Moment) -> Snapshot {
        let host = HostLook::begin(&self.ask);
        let mut snapshot = Snapshot {
            format: FORMAT,
            at_ms: now.at_ms,
            up_ms: now.up_ms,
            host: Host::default(),
            postgres: Vec::new(),
            mysql: Vec::new(),
            redis: Vec::new(),
            pgbouncer: Vec::new(),
            etcd: Vec::new(),
            facts: self.ask.facts.clone(),
        };
        self.sessions.look(&mut snapshot, self.ask.deep);
        snapshot.host = host.end();
        snapshot
    }

    /// What it cost the servers so far.
    pub fn load(&self) -> Load {
        self.sessions.load()
    }
}

/// Has the calling thread, and what it starts, see the network as a process does.
///
/// # Errors
/// There is no such process, or one must be root for it.
pub fn enter_network_of(pid: u32) -> io::Result<()> {
    let space = File::open(format!("/proc/{pid}/ns/net"))?;
    Ok(move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))?)
}

/// Groups of the machine that are being looked at.
struct HostLook {
    /// Whoever has not looked by then is told as such.
    until: Instant,
    memory: Receiver<crate::snapshot::Memory>,
    cgroups: Receiver<crate::snapshot::Cgroups>,
    network: Receiver<crate::snapshot::Network>,
    disks: Receiver<crate::snapshot::Disks>,
    processes: Receiver<crate::snapshot::Processes>,
    clocks: Receiver<crate::snapshot::Clocks>,
    names: Receiver<crate::snapshot::Names>,
    system: Receiver<crate::snapshot::System>,
    tls: Receiver<crate::snapshot::Tls>,
}

impl HostLook {
    fn begin(ask: &Ask) -> Self {
        let (deep, time_server) = (ask.deep, ask.facts.get("ntp").cloned());
        let facts = ask.facts.clone();
        Self {
            until: Instant::now() + if deep { DEEP } else { LOOK },
            memory: begin(move || memory::look(deep)),
            cgroups: begin(move || cgroups::look(deep)),
            network: begin(move || network::look(deep)),
            disks: begin(move || disks::look(deep)),
            processes: begin(move || processes::look(deep)),
            clocks: begin(move || clock::look(deep, time_server.as_deref())),
            names: begin(move || names::look(deep)),
            system: begin(move || system::look(deep, &facts)),
            tls: begin(move || tls::look(deep)),
        }
    }

    fn end(self) -> Host {
        let until = self.until;
        Host {
            memory: end("memory", &self.memory, until),
            cgroups: end("control groups", &self.cgroups, until),
            network: end("the network", &self.network, until),
            disks: end("disks", &self.disks, until),
            processes: end("processes", &self.processes, until),
            clocks: end("clocks", &self.clocks, until),
            names: end("resolvers", &self.names, until),
            system: end("the system", &self.system, until),
            tls: end("certificates", &self.tls, until),
            ..host::look()
        }
    }
}

/// Looks in a thread of its own.
fn begin<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (send, receive) = mpsc::channel();
    // Whom the thread does not start for, or who has stopped waiting, gets nothing.
    let _handle = thread::Builder::new().spawn(move || send.send(look()));
    receive
}

fn end<T>(what: &str, receive: &Receiver<T>, until: Instant) -> Probed<T> {
    match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(seen) => Probed::Seen(seen),
        Err(RecvTimeoutError::Timeout) => Probed::Failed(format!(
            "looking at {what} took too long: something there does not answer"
        )),
        Err(RecvTimeoutError::Disconnected) => Probed::Failed(format!(
            "looking at {what} ended without a result: a defect of the doctor"
        )),
    }
}

/// The text of a file.
fn text(path: &str) -> Probed<String> {
    let read = || -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(io::Error::other("it is longer than is read"));
        }
        // Names of processes and of groups may be any bytes.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map_or_else(|error| unseen(&error, path), Probed::Seen)
}

/// What it means that something could not be read.
fn unseen<T>(error: &io::Error, what: &str) -> Probed<T> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Probed::Denied(format!("the right to read {what}: run it as root"))
        }
        io::ErrorKind::NotFound | io::ErrorKind::Unsupported => Probed::Absent(what.to_owned()),
        // EPROTONOSUPPORT and EAFNOSUPPORT: such a kernel has no such socket.
        _ if matches!(error.raw_os_error(), Some(93 | 97)) => Probed::Absent(what.to_owned()),
        _ => Probed::Failed(format!("read {what}: {error}")),
    }
}

/// The number that a file holds.
fn number(path: &str) -> Probed<u64> {
    text(path).and_then(|text| match text.trim().parse() {
        Ok(number) => Probed::Seen(number),
        Err(error) => Probed::Failed(format!("{path} holds no number: {error}")),
    })
}

/// The one line that a file holds; nothing if it cannot be read.
fn line(path: &str) -> String {
    let text = text(path);
    text.seen().map(|text| text.trim().to_owned()).unwrap_or_default()
}

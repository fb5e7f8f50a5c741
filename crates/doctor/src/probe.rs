//! Looking at the machine: the only part of this crate that touches it, labs apart.
//!
//! Reads, and nothing else. Each look is bounded: files of `/proc` by [`FILE_BYTES_MAX`], descriptors that are gone through for
//! the owner of a socket by their number.

use std::fs::File;
use std::io::{self, Read};

use crate::snapshot::{FORMAT, Host, Network, Probed, Snapshot};

mod counters;
mod datagrams;
mod descriptors;
mod listeners;
mod owner;

/// More of a file is not read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Looks at everything that checks need. `at_ms` is the time, in milliseconds since 1970.
pub fn look(at_ms: u64) -> Snapshot {
    let network = Network {
        listeners: listeners::look(),
        tcp_ext: counters::tcp_ext(),
        udp: counters::udp(),
        datagrams: datagrams::look(),
        somaxconn: number("/proc/sys/net/core/somaxconn"),
    };
    let host = Host {
        name: line("/proc/sys/kernel/hostname"),
        kernel: line("/proc/sys/kernel/osrelease"),
        cpus: std::thread::available_parallelism().map_or(0, |cpus| cpus.get() as u64),
        memory_bytes: memory_bytes(),
        network,
        descriptors: descriptors::look(),
    };
    Snapshot { format: FORMAT, at_ms, host }
}

/// The text of a file.
fn text(path: &str) -> Probed<String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
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

/// `MemTotal`; 0 if it is not told.
fn memory_bytes() -> u64 {
    let text = text("/proc/meminfo");
    let text = text.seen().map(String::as_str).unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

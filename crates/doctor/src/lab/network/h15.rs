//! A firewall that drops the answers to first segments, and more connections than the backlog: with cookies, and without.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::h14::listen;
use super::link::{nstat, number, set};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failing};

const NO_ANSWERS: &str = "add table inet lab; add chain inet lab out { type filter hook output priority 0; }; add rule inet lab out tcp flags & (syn | ack) == syn | ack drop";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h15")?;
    space.inside(|| {
        lab::run("nft", &[NO_ANSWERS])?;
        let backlog = u32::try_from(stage.draw(2, 8)).unwrap_or(2);
        let (listener, address) = listen(backlog).map_err(|error| format!("listen: {error}"))?;
        let count = stage.draw(20, 60);
        set("net.ipv4.tcp_syncookies", "1")?;
        flood(stage, address, count, "TcpExtTCPReqQFullDoCookies")?;
        set("net.ipv4.tcp_syncookies", "0")?;
        let seen = flood(stage, address, count, "TcpExtTCPReqQFullDrop")?;
        let mended = stage.between(|| Ok(()))?;
        drop(listener);
        match failing(&mended, "host") {
            None => Ok(seen),
            Some(record) => Err(format!("nobody connects; the check says {record:?}").into()),
        }
    })
}

/// Opens so many connections, of which the backlog and one more find room at most.
fn flood(
    stage: &Stage<'_>,
    address: SocketAddr,
    count: u64,
    counter: &str,
) -> Result<String, Stop> {
    let before = nstat(counter)?;
    let mut clients = Vec::new();
    let found = stage.between(|| {
        for _ in 0..count {
            clients.push(connect(address).map_err(|error| format!("connect: {error}"))?);
        }
        Ok(())
    })?;
    let grown = nstat(counter)? - before;
    drop(clients);
    let record = failing(&found, "host")
        .ok_or_else(|| format!("{counter} grew by {grown}; the check says {found:?}"))?;
    let told = number(&record.observed)?;
    // A client that waits for a second sends again, which may be after the second look.
    if told > grown || told + 20 < count {
        return Err(format!("{counter} grew by {grown}; the check says {record:?}").into());
    }
    Ok(record.observed.clone())
}

/// Sends the first segment, and does not wait.
fn connect(address: SocketAddr) -> std::io::Result<OwnedFd> {
    let socket = rustix::net::socket_with(
        AddressFamily::INET,
        SocketType::STREAM,
        SocketFlags::NONBLOCK,
        None,
    )?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

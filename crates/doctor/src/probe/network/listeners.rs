//! TCP sockets that listen, by `sock_diag` with a filter for their state: never all of `/proc/net/tcp`, which a busy host takes
//! seconds to write.
//!
//! Source: `sock_diag(7)`. Of a socket that listens, `idiag_rqueue` is how many connections wait, `idiag_wqueue` the backlog.

use std::io;

use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6};
use netlink_packet_sock_diag::inet::{ExtensionFlags, StateFlags};

use super::sockets;
use crate::probe::owner;
use crate::snapshot::{Listener, Probed};

/// Of IPv4 and of IPv6, in the order of their addresses.
pub(in crate::probe) fn look() -> Probed<Vec<Listener>> {
    match dump_all() {
        Ok(found) => Probed::Seen(named(found)),
        Err(error) => crate::probe::unseen(&error, "sock_diag"),
    }
}

/// Of both families, each with the inode by which a process holds it.
pub(in crate::probe) fn dump_all() -> io::Result<Vec<(Listener, u32)>> {
    let mut found = dump(AF_INET)?;
    // A machine without IPv6 has none of those.
    found.extend(dump(AF_INET6).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(error),
    })?);
    Ok(found)
}

/// In order, with the process of each that is crowded.
fn named(mut found: Vec<(Listener, u32)>) -> Vec<Listener> {
    found.sort_by_key(|(listener, _)| listener.address);
    let is_crowded = |listener: &Listener| listener.waiting > listener.backlog;
    let crowded = found.iter().filter(|(listener, _)| is_crowded(listener));
    let mut owners = owner::of(&crowded.map(|(_, inode)| *inode).collect::<Vec<_>>()).into_iter();
    let mut listeners: Vec<_> = found.into_iter().map(|(listener, _)| listener).collect();
    for listener in listeners.iter_mut().filter(|listener| is_crowded(listener)) {
        listener.process = owners.next().flatten();
    }
    listeners
}

/// Those of one family.
fn dump(family: u8) -> io::Result<Vec<(Listener, u32)>> {
    let mut found = Vec::new();
    sockets::dump(family, StateFlags::LISTEN, ExtensionFlags::empty(), &mut |response| {
        let header = response.header;
        let id = header.socket_id;
        let address = (id.source_address, id.source_port).into();
        let (waiting, backlog) = (header.recv_queue, header.send_queue);
        found.push((Listener { address, waiting, backlog, process: None }, header.inode));
        true
    })?;
    Ok(found)
}

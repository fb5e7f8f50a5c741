//! TCP sockets that listen, by `sock_diag` with a filter for their state: never all of `/proc/net/tcp`, which a busy host takes
//! seconds to write.
//!
//! Source: `sock_diag(7)`. Of a socket that listens, `idiag_rqueue` is how many connections wait, `idiag_wqueue` the backlog.

use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

use crate::probe::owner;
use crate::snapshot::{Listener, Probed};

/// The kernel answers within this time.
const ANSWER: Duration = Duration::from_secs(2);

/// A message of the kernel is at most so long.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Of IPv4 and of IPv6, in the order of their addresses.
pub(in crate::probe) fn look() -> Probed<Vec<Listener>> {
    let found = dump(AF_INET).and_then(|mut found| {
        // A machine without IPv6 has none of those.
        found.extend(dump(AF_INET6).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        })?);
        Ok(found)
    });
    match found {
        Ok(found) => Probed::Seen(named(found)),
        Err(error) => crate::probe::unseen(&error, "sock_diag"),
    }
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

/// Those of one family, each with the inode by which a process holds it.
fn dump(family: u8) -> io::Result<Vec<(Listener, u32)>> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    rustix::net::sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
    rustix::net::send(&socket, &request(family), SendFlags::empty())?;
    let (mut found, mut buffer) = (Vec::new(), vec![0; MESSAGE_BYTES_MAX]);
    loop {
        let (len, _) = rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        if !take(&buffer[..len], &mut found)? {
            return Ok(found);
        }
    }
}

fn request(family: u8) -> Vec<u8> {
    let socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::LISTEN,
        socket_id,
    };
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(request));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Takes what is in one datagram; whether there are more to come.
fn take(mut bytes: &[u8], found: &mut Vec<(Listener, u32)>) -> io::Result<bool> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        let len = message.header.length as usize;
        match message.payload {
            // A dump that failed ends with its error, as one that did not ends with 0.
            NetlinkPayload::Done(done) if done.code < 0 => {
                return Err(io::Error::from_raw_os_error(-done.code));
            }
            NetlinkPayload::Done(_) => return Ok(false),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            NetlinkPayload::Overrun(_) => return Err(io::Error::other("the answer was cut short")),
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                let header = response.header;
                let id = header.socket_id;
                let address = (id.source_address, id.source_port).into();
                let (waiting, backlog) = (header.recv_queue, header.send_queue);
                found.push((Listener { address, waiting, backlog, process: None }, header.inode));
            }
            _ => {}
        }
        // Each begins at a multiple of four bytes.
        bytes = bytes.get(len.max(1).next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

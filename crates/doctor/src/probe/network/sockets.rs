//! TCP sockets by `sock_diag(7)`, of one family, with a filter for their state.

use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// The kernel answers within this time.
const ANSWER: Duration = Duration::from_secs(2);

/// A message of the kernel is at most so long.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Gives each to `each`, until that wants no more.
pub(super) fn dump(
    family: u8,
    states: StateFlags,
    extensions: ExtensionFlags,
    each: &mut dyn FnMut(InetResponse) -> bool,
) -> io::Result<()> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    rustix::net::sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
    rustix::net::send(&socket, &request(family, states, extensions), SendFlags::empty())?;
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    loop {
        let (len, _) = rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        if !take(&buffer[..len], each)? {
            return Ok(());
        }
    }
}

fn request(family: u8, states: StateFlags, extensions: ExtensionFlags) -> Vec<u8> {
    let socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    let request = InetRequest { family, protocol: IPPROTO_TCP, extensions, states, socket_id };
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(request));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Takes what is in one datagram; whether there are more to come.
fn take(mut bytes: &[u8], each: &mut dyn FnMut(InetResponse) -> bool) -> io::Result<bool> {
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
                let wants_more = each(*response);
                if !wants_more {
                    return Ok(false);
                }
            }
            _ => {}
        }
        // Each begins at a multiple of four bytes.
        bytes = bytes.get(len.max(1).next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

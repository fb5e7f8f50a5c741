//! UDP sockets, and how many datagrams each has lost: `/proc/net/udp` and `/proc/net/udp6`, where there are few sockets.
//!
//! Source: Linux `net/ipv4/udp.c`, `udp4_format_sock`: address, state, queues, inode, and at the end `drops`. Addresses are
//! words in the byte order of the machine, in hexadecimal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::probe::owner;
use crate::snapshot::{Datagrams, Probed};

/// Those that have lost any, of both families.
pub(super) fn look() -> Probed<Vec<Datagrams>> {
    let of = |path: &str| crate::probe::text(path).map(|text| parse(&text));
    let all = match (of("/proc/thread-self/net/udp"), of("/proc/thread-self/net/udp6")) {
        (Probed::Seen(four), Probed::Seen(six)) => Probed::Seen([four, six].concat()),
        (four, Probed::Absent(_) | Probed::Seen(_)) => four,
        (_, six) => six,
    };
    all.map(|mut found| {
        let owners = owner::of(&found.iter().map(|socket| socket.inode).collect::<Vec<_>>());
        for (socket, process) in found.iter_mut().zip(owners) {
            socket.process = process;
        }
        found
    })
}

/// Those with drops.
fn parse(text: &str) -> Vec<Datagrams> {
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, inode) = (parse_address(fields.get(1)?)?, fields.get(9)?.parse().ok()?);
        // Not simply the last: a line that is cut has none.
        let dropped = fields.get(12)?.parse().ok()?;
        Some(Datagrams { address, inode, dropped, process: None })
    };
    text.lines().skip(1).filter_map(socket).filter(|socket| socket.dropped > 0).collect()
}

fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(8 * at..8 * at + 8)?, 16).ok();
    // As it lies in memory, which is the order of the network.
    let bytes = |word: u32| word.swap_bytes().to_be_bytes();
    let bytes =
        |word| if cfg!(target_endian = "little") { bytes(word) } else { word.to_be_bytes() };
    let address: IpAddr = match address.len() {
        8 => Ipv4Addr::from(bytes(word(0)?)).into(),
        32 => {
            let mut all = [0; 16];
            for (at, part) in all.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&bytes(word(at)?));
            }
            Ipv6Addr::from(all).into()
        }
        _ => return None,
    };
    Some((address, port).into())
}

#[cfg(test)]
mod tests;

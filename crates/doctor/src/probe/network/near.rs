//! Which machines are on a network that this one is on itself, so that nothing lies between but switches.
//!
//! Source: Linux `net/ipv4/fib_trie.c`, `fib_route_seq_show` (numbers of the main table, in the order of bytes of the machine), and
//! `net/ipv6/route.c`, `rt6_info_route`.

use std::net::{IpAddr, Ipv6Addr};

use crate::probe::text;

/// A route is used.
const UP: u32 = 1;

/// It goes over another machine.
const GATEWAY: u32 = 2;

/// So many are looked at, at most.
const ROUTES_MAX: usize = 10_000;

/// The routes of the namespace of the calling thread.
#[derive(Debug, Default)]
pub(super) struct Routes {
    v4: Vec<Route<u32>>,
    v6: Vec<Route<u128>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Route<Bits> {
    destination: Bits,
    length: u32,
    has_gateway: bool,
}

impl Routes {
    /// Those that are there now; what cannot be read is no route.
    pub(super) fn look() -> Self {
        let of = |name: &str| {
            let text = text(&format!("/proc/thread-self/net/{name}"));
            text.seen().cloned().unwrap_or_default()
        };
        Self::parse(&of("route"), &of("ipv6_route"))
    }

    fn parse(v4: &str, v6: &str) -> Self {
        Self {
            v4: v4.lines().skip(1).filter_map(route_v4).take(ROUTES_MAX).collect(),
            v6: v6.lines().filter_map(route_v6).take(ROUTES_MAX).collect(),
        }
    }

    /// Whether the most exact route there goes over no other machine. A route for everything is none of a network.
    pub(super) fn is_near(&self, address: IpAddr) -> bool {
        let found = match address {
            IpAddr::V4(address) => {
                let bits = u64::from(address.to_bits());
                let covers = |it: &&Route<u32>| {
                    let rest = 32 - it.length;
                    bits >> rest == u64::from(it.destination) >> rest
                };
                let best = self.v4.iter().filter(covers).max_by_key(|it| it.length);
                best.map(|it| (it.length, it.has_gateway))
            }
            IpAddr::V6(address) => {
                let covers = |it: &&Route<u128>| {
                    let differ = address.to_bits() ^ it.destination;
                    it.length <= differ.leading_zeros()
                };
                let best = self.v6.iter().filter(covers).max_by_key(|it| it.length);
                best.map(|it| (it.length, it.has_gateway))
            }
        };
        found.is_some_and(|(length, has_gateway)| length > 0 && !has_gateway)
    }
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`, of which the addresses are as they lie in memory.
fn route_v4(line: &str) -> Option<Route<u32>> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
    let is_little = cfg!(target_endian = "little");
    let address = |at| hex(at).map(|it| if is_little { it.swap_bytes() } else { it });
    let (flags, mask) = (hex(3)?, address(7)?);
    let route = Route {
        destination: address(1)?,
        length: mask.leading_ones(),
        has_gateway: flags & GATEWAY != 0,
    };
    (flags & UP != 0).then_some(route)
}

/// `Destination Length Source Length Gateway Metric RefCnt Use Flags Iface`, all in hexadecimal.
fn route_v6(line: &str) -> Option<Route<u128>> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let hex = |at: usize| u128::from_str_radix(fields.get(at)?, 16).ok();
    let flags = u32::try_from(hex(8)?).ok()?;
    let route = Route {
        destination: Ipv6Addr::from_bits(hex(0)?).to_bits(),
        length: u32::try_from(hex(1)?).ok().filter(|length| *length <= 128)?,
        has_gateway: flags & GATEWAY != 0,
    };
    (flags & UP != 0).then_some(route)
}

#[cfg(test)]
mod tests;

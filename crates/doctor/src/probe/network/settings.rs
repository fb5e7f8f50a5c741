//! Settings of the network, as `/proc/sys/net` has them in the namespace of the calling thread.

use std::collections::BTreeMap;

use crate::probe::{number, text};
use crate::snapshot::{Ports, Probed, TcpMemory};

/// Those that hold one number.
const NUMBERS: [&str; 9] = [
    "net.core.netdev_budget",
    "net.core.netdev_max_backlog",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_mtu_probing",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_tw_reuse",
];

/// By name.
pub(super) fn numbers() -> BTreeMap<String, Probed<u64>> {
    NUMBERS.iter().map(|name| ((*name).to_owned(), number(&path(name)))).collect()
}

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

/// Which ports the kernel gives.
pub(super) fn ports() -> Probed<Ports> {
    let range = text(&path("net.ipv4.ip_local_port_range"));
    let reserved = text(&path("net.ipv4.ip_local_reserved_ports"));
    range.and_then(|range| {
        reserved.and_then(|reserved| {
            parse_ports(&range, &reserved).map_or_else(
                || Probed::Failed(format!("the range of ports is {range:?}, less {reserved:?}")),
                Probed::Seen,
            )
        })
    })
}

/// Of two numbers, and of a list such as `8080,9148-9150`.
fn parse_ports(range: &str, reserved: &str) -> Option<Ports> {
    let mut ends = range.split_whitespace().map(str::parse::<u16>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    let mut count = 0;
    for part in reserved.trim().split(',').filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (from.parse::<u16>().ok()?.max(first), to.parse::<u16>().ok()?.min(last));
        count += if from <= to { u64::from(to - from) + 1 } else { 0 };
    }
    (first <= last).then_some(Ports { first, last, reserved: count })
}

/// What TCP takes of the memory of the machine.
pub(super) fn tcp_memory() -> Probed<TcpMemory> {
    let used = text("/proc/thread-self/net/sockstat");
    let limits = text(&path("net.ipv4.tcp_mem"));
    used.and_then(|used| {
        limits.and_then(|limits| {
            parse_tcp_memory(&used, &limits).map_or_else(
                || Probed::Failed("/proc/net/sockstat is not in the form that is known".to_owned()),
                Probed::Seen,
            )
        })
    })
}

fn parse_tcp_memory(used: &str, limits: &str) -> Option<TcpMemory> {
    let line = used.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let of = |name: &str| {
        let mut pairs = words.chunks_exact(2);
        pairs.find(|pair| pair[0] == name).and_then(|pair| pair[1].parse().ok())
    };
    let mut limits = limits.split_whitespace().skip(1).map(str::parse);
    Some(TcpMemory {
        pages: of("mem")?,
        orphans: of("orphan")?,
        pressure: limits.next()?.ok()?,
        most: limits.next()?.ok()?,
    })
}

#[cfg(test)]
mod tests;

//! Interfaces: `/proc/net/dev`, `/proc/net/route` and `net.ipv4.conf`, in the namespace of the calling thread.
//!
//! Source: Linux `net/core/net-procfs.c`, `dev_seq_printf_stats`: of what came, bytes, packets, `errs`, `drop`, `fifo`, `frame`,
//! `compressed`, `multicast`; of what went, bytes, packets, `errs`, `drop`, `fifo`, `colls`, `carrier`, `compressed`.
//! `net/ipv4/fib_trie.c`, `fib_route_seq_show`: name, destination, gateway, flags and more, and in the eighth place the mask.

use std::collections::BTreeMap;

use crate::probe::{number, text};
use crate::snapshot::{Interface, Probed};

type Interfaces = BTreeMap<String, Interface>;

/// So many are looked at, at most: a node of containers has one for each.
const INTERFACES_MAX: usize = 2_000;

/// By name.
pub(super) fn look() -> Probed<Interfaces> {
    let of_all = reverse_path("all");
    text("/proc/thread-self/net/dev").map(|text| {
        let mut found = parse(&text);
        for (name, interface) in &mut found {
            interface.reverse_path = of_all.max(reverse_path(name));
        }
        let routes = crate::probe::text("/proc/thread-self/net/route");
        if let Ok(routes) = routes.seen() {
            add_routes(routes, &mut found);
        }
        found
    })
}

fn reverse_path(name: &str) -> Option<u64> {
    number(&format!("/proc/sys/net/ipv4/conf/{name}/rp_filter")).seen().ok().copied()
}

fn parse(text: &str) -> Interfaces {
    let interface = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let numbers: Result<Vec<u64>, _> = rest.split_whitespace().map(str::parse).collect();
        let numbers = numbers.ok().filter(|numbers| numbers.len() == 16)?;
        let interface = Interface {
            received: numbers[1],
            receive_errors: numbers[2],
            receive_drops: numbers[3],
            receive_overruns: numbers[4],
            sent: numbers[9],
            send_errors: numbers[10],
            send_drops: numbers[11],
            carrier_losses: numbers[14],
            ..Interface::default()
        };
        Some((name.trim().to_owned(), interface))
    };
    // Two lines of headings.
    text.lines().skip(2).filter_map(interface).take(INTERFACES_MAX).collect()
}

fn add_routes(text: &str, found: &mut Interfaces) {
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (Some(name), Some(to), Some(mask)) = (fields.first(), fields.get(1), fields.get(7))
        else {
            continue;
        };
        if let Some(interface) = found.get_mut(*name) {
            interface.is_routed = true;
            let is_default = [to, mask].iter().all(|field| field.bytes().all(|it| it == b'0'));
            interface.default_routes += u64::from(is_default);
        }
    }
}

#[cfg(test)]
mod tests;

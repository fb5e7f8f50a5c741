//! Neighbours on the links of IPv4: `/proc/net/arp` and `/proc/net/stat/arp_cache`.
//!
//! Source: Linux `net/ipv4/arp.c`, `arp_format_neigh_entry`, and `include/uapi/linux/if_arp.h`: flag 2 is an entry that is complete, 4 one that
//! is permanent. `net/core/neighbour.c`, `neigh_stat_seq_show`: names, and a line of hexadecimal numbers for each processor; `entries` is the
//! count of the whole table in each of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::probe::{number, text};
use crate::snapshot::{Neighbour, NeighbourTable, Probed};

const COMPLETE: u64 = 2;
const PERMANENT: u64 = 4;

/// Those of these addresses that the kernel knows.
pub(super) fn look(wanted: &BTreeSet<IpAddr>) -> Probed<Vec<Neighbour>> {
    text("/proc/thread-self/net/arp").map(|text| {
        let mut found = parse(&text);
        found.retain(|neighbour| wanted.contains(&neighbour.address));
        found
    })
}

/// Those that are complete.
fn parse(text: &str) -> Vec<Neighbour> {
    let neighbour = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let flags = u64::from_str_radix(fields.get(2)?.trim_start_matches("0x"), 16).ok()?;
        (flags & COMPLETE != 0).then_some(Neighbour {
            address: fields.first()?.parse().ok()?,
            link_address: (*fields.get(3)?).to_owned(),
            interface: (*fields.get(5)?).to_owned(),
            is_permanent: flags & PERMANENT != 0,
        })
    };
    text.lines().skip(1).filter_map(neighbour).collect()
}

/// The table, which all namespaces share.
pub(super) fn table() -> Probed<NeighbourTable> {
    const PATH: &str = "/proc/thread-self/net/stat/arp_cache";
    let most = number("/proc/sys/net/ipv4/neigh/default/gc_thresh3");
    text(PATH).and_then(|text| {
        parse_table(&text, most).map_or_else(
            || Probed::Failed(format!("{PATH} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

fn parse_table(text: &str, most: Probed<u64>) -> Option<NeighbourTable> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split_whitespace().collect();
    let place = |name: &str| names.iter().position(|it| *it == name);
    let (entries, fulls) = (place("entries")?, place("table_fulls"));
    let mut found = NeighbourTable { entries: 0, fulls: fulls.map(|_| 0), most };
    for line in lines {
        let of = |at: usize| u64::from_str_radix(line.split_whitespace().nth(at)?, 16).ok();
        found.entries = of(entries)?;
        if let Some(at) = fulls {
            found.fulls = Some(found.fulls.unwrap_or(0) + of(at)?);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;

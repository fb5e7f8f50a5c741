//! Tunnels over UDP, the cards below them, and what comes with a wrong checksum.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::features::Features;
use super::links::Link;
use super::{counters, spaces};
use crate::probe::{line, unseen};
use crate::snapshot::{Card, Interface, Probed, Received, Tunnel, Tunnels};

const KINDS: [&str; 2] = ["vxlan", "geneve"];

/// So many are looked at, at most, and so many cards of each.
const TUNNELS_MAX: usize = 64;
const CARDS_MAX: usize = 16;

/// Links that lie over others are followed so deep: a vlan over a bond over its cards is three.
const DEPTH_MAX: usize = 5;

/// Those that are up.
pub(super) fn look(links: &[Link], interfaces: Option<&BTreeMap<String, Interface>>) -> Tunnels {
    let features = Features::open();
    let leaves_checksums = |index: u32| {
        let asked = features.as_ref().map_err(|error| (error.kind(), error.to_string()));
        match asked {
            Ok(features) => match features.leaves_checksums(index) {
                Ok(leaves) => Probed::Seen(leaves),
                Err(error) => unseen(&error, FEATURES),
            },
            Err((kind, text)) => unseen(&std::io::Error::new(kind, text), FEATURES),
        }
    };
    let tunnels = links.iter().filter(|it| it.is_up && KINDS.contains(&it.kind.as_str()));
    let tunnel = |link: &Link| Tunnel {
        name: link.name.clone(),
        kind: link.kind.clone(),
        port: link.port,
        leaves_checksums: leaves_checksums(link.index),
        cards: cards(link, links, interfaces)
            .into_iter()
            .map(|card| {
                let driver = driver(card);
                let version = driver.as_deref().and_then(version);
                let leaves_checksums = leaves_checksums(card.index);
                Card { name: card.name.clone(), driver, version, leaves_checksums }
            })
            .collect(),
    };
    let found: Vec<Tunnel> = tunnels.take(TUNNELS_MAX).map(tunnel).collect();
    let (spaces, unseen) = if found.is_empty() { (Vec::new(), 0) } else { received() };
    Tunnels { found, spaces, unseen }
}

const FEATURES: &str =
    "features of interfaces by the netlink of ethtool, which Linux has from 5.7 on";

/// What a tunnel goes over in the end.
fn cards<'a>(
    tunnel: &Link,
    links: &'a [Link],
    interfaces: Option<&BTreeMap<String, Interface>>,
) -> Vec<&'a Link> {
    let is_routed =
        |it: &Link| interfaces.is_some_and(|all| all.get(&it.name).is_some_and(is_way_out));
    let first: Vec<&Link> = match tunnel.over {
        Some(over) => links.iter().filter(|it| it.index == over).collect(),
        None => links.iter().filter(|it| is_routed(it)).collect(),
    };
    let (mut found, mut level, mut known) = (Vec::new(), first, BTreeSet::new());
    for _ in 0..DEPTH_MAX {
        let mut below = Vec::new();
        for link in level {
            if !known.insert(link.index) {
                continue;
            }
            let is_below = |it: &&Link| {
                it.master == Some(link.index) || link.kind != "veth" && link.over == Some(it.index)
            };
            let more: Vec<&Link> = links.iter().filter(is_below).collect();
            // The ends of containers at a bridge lead nowhere.
            let more = more.into_iter().filter(|it| it.kind != "veth");
            let count = below.len();
            below.extend(more);
            if below.len() == count {
                found.push(link);
            }
        }
        level = below;
    }
    found.truncate(CARDS_MAX);
    found
}

const fn is_way_out(interface: &Interface) -> bool {
    interface.default_routes > 0
}

/// The driver, if `/sys` tells of the same interface: it may be of another namespace, where the name means another.
fn driver(card: &Link) -> Option<String> {
    let folder = format!("/sys/class/net/{}", card.name);
    let address: Vec<String> = card.address.iter().map(|it| format!("{it:02x}")).collect();
    let is_same = line(&format!("{folder}/ifindex")) == card.index.to_string()
        && line(&format!("{folder}/address")) == address.join(":");
    let link = fs::read_link(format!("{folder}/device/driver")).ok().filter(|_| is_same)?;
    Some(link.file_name()?.to_string_lossy().into_owned())
}

fn version(driver: &str) -> Option<String> {
    let version = line(&format!("/sys/module/{driver}/version"));
    (!version.is_empty()).then_some(version)
}

/// What came into each namespace, and how many processes could not be looked at.
fn received() -> (Vec<Received>, u64) {
    let of = |folder: &str, space: String, process| {
        let (tcp, udp) = (counters::tcp(folder), counters::udp(folder));
        let (tcp, udp) = (tcp.seen().ok()?, udp.seen().ok()?);
        let count = |name: &str| udp.get(name).copied().unwrap_or(0);
        Some(Received {
            space,
            process,
            segments: tcp.get("InSegs").copied()?,
            wrong_segments: tcp.get("InCsumErrors").copied(),
            datagrams: count("InDatagrams") + count("InErrors"),
            wrong_datagrams: udp.get("InCsumErrors").copied(),
        })
    };
    let (others, unseen) = spaces::others("snmp");
    let mut all: Vec<Received> = of(counters::OWN, spaces::own(), None).into_iter().collect();
    for process in others.into_values() {
        let (pid, folder) = (process.pid, format!("/proc/{}/net", process.pid));
        // It may be gone by now.
        all.extend(of(&folder, spaces::of(pid), Some(process)));
    }
    (all, unseen)
}

#[cfg(test)]
mod tests;

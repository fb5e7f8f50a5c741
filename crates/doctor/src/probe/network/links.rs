//! Links as the kernel has them, by rtnetlink, in the namespace of the calling thread: of what kind, and over which other.
//!
//! Source: `rtnetlink(7)`, `RTM_GETLINK`; Linux `include/uapi/linux/if_link.h`: `IFLA_*`, and of vxlan `IFLA_VXLAN_LINK` and
//! `IFLA_VXLAN_PORT`, which is as the network has it; of geneve `IFLA_GENEVE_PORT` alike.

use std::io;

use super::netlink::{Channel, attributes, find, text, word};
use crate::snapshot::Layer;

const GETLINK: u16 = 18;

/// Before the attributes: family, type, index, flags and a mask.
const HEADER: usize = 16;

const ADDRESS: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const LINK: u16 = 5;
const MASTER: u16 = 10;
const INFO: u16 = 18;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const NAMESPACE: u16 = 37;
const VXLAN_LINK: u16 = 3;
const VXLAN_PORT: u16 = 15;
const GENEVE_PORT: u16 = 5;

const UP: u32 = 1;

/// So many are looked at, at most: a node of containers has one for each.
const LINKS_MAX: usize = 2_000;

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: String,
    /// Such as `vxlan`, `bridge`, `veth`; empty for a card.
    pub(super) kind: String,
    pub(super) is_up: bool,
    pub(super) mtu: u64,
    /// Its address on the link, as bytes.
    pub(super) address: Vec<u8>,
    /// The index of that which it goes over, in this namespace.
    pub(super) over: Option<u32>,
    /// The index of the bridge or bond that it is a port of.
    pub(super) master: Option<u32>,
    /// The port of UDP of a tunnel.
    pub(super) port: Option<u16>,
}

/// All there are.
pub(super) fn look() -> io::Result<Vec<Link>> {
    let mut links = Vec::new();
    let channel = Channel::open(None)?;
    channel.dump(GETLINK, &[0; HEADER], &mut |body| {
        if links.len() < LINKS_MAX {
            links.extend(parse(body));
        }
    })?;
    Ok(links)
}

/// Those that are up and lie over another one that is.
pub(super) fn layers(links: &[Link]) -> Vec<Layer> {
    let is_over = |above: &Link, below: &Link| {
        above.kind != "veth" && above.over == Some(below.index)
            || above.kind == "bridge" && below.master == Some(above.index)
    };
    let mut found = Vec::new();
    for above in links.iter().filter(|it| it.is_up) {
        let below = links.iter().filter(|it| it.is_up && is_over(above, it));
        found.extend(below.map(|below| Layer {
            name: above.name.clone(),
            kind: above.kind.clone(),
            mtu: above.mtu,
            below: below.name.clone(),
            below_mtu: below.mtu,
        }));
    }
    found
}

fn parse(body: &[u8]) -> Option<Link> {
    let (index, flags) = (word(body, 4)?, word(body, 8)?);
    let all = attributes(body.get(HEADER..)?);
    let number = |kind| find(&all, kind).and_then(|value| word(value, 0));
    let info = attributes(find(&all, INFO).unwrap_or_default());
    let kind = find(&info, INFO_KIND).map(text).unwrap_or_default();
    let data = attributes(find(&info, INFO_DATA).unwrap_or_default());
    let port = match kind.as_str() {
        "vxlan" => find(&data, VXLAN_PORT),
        "geneve" => find(&data, GENEVE_PORT),
        _ => None,
    };
    // That of another namespace has an index of that.
    let is_elsewhere = find(&all, NAMESPACE).is_some();
    let over = match kind.as_str() {
        "vxlan" => find(&data, VXLAN_LINK).and_then(|value| word(value, 0)),
        _ => number(LINK).filter(|_| !is_elsewhere),
    };
    Some(Link {
        index,
        name: find(&all, NAME).map(text)?,
        is_up: flags & UP != 0,
        mtu: number(MTU).map_or(0, u64::from),
        address: find(&all, ADDRESS).unwrap_or_default().to_vec(),
        over: over.filter(|over| *over != 0 && *over != index),
        master: number(MASTER),
        port: port.and_then(|value| Some(u16::from_be_bytes(value.try_into().ok()?))),
        kind,
    })
}

#[cfg(test)]
mod tests;

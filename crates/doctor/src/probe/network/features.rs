//! What an interface leaves to its card: features by the netlink of ethtool, which Linux has from 5.7 on.
//!
//! Source: Linux `Documentation/networking/ethtool-netlink.rst`, `FEATURES_GET` and "Bit sets"; `include/uapi/linux/genetlink.h`. Of a set
//! without a mask those bits are listed that are set; of one with a mask, those that have a value.

use std::collections::BTreeSet;
use std::io;

use super::netlink::{Channel, attribute, attributes, find, four, half, nested, text};

/// The controller, which knows the number of each family.
const CONTROLLER: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

const FEATURES_GET: u8 = 11;
const FEATURES_ACTIVE: u16 = 4;
const HEADER: u16 = 1;
const HEADER_INDEX: u16 = 1;
const SET_NO_MASK: u16 = 1;
const SET_BITS: u16 = 3;
const BIT: u16 = 1;
const BIT_NAME: u16 = 2;
const BIT_VALUE: u16 = 3;

/// Command, version and two bytes that are not used.
const GENERIC: usize = 4;

/// The names by which drivers say that the card makes the checksum of TCP and UDP.
const TRANSMIT_CHECKSUM: [&str; 3] =
    ["tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6"];

/// A way to ask for features.
#[derive(Debug)]
pub(super) struct Features {
    channel: Channel,
    family: u16,
}

impl Features {
    pub(super) fn open() -> io::Result<Self> {
        let channel = Channel::open(Some(rustix::net::netlink::GENERIC))?;
        let mut family = None;
        let request = request(GET_FAMILY, &attribute(FAMILY_NAME, b"ethtool\0"));
        channel.ask(CONTROLLER, &request, &mut |body| family = family.or(parse_family(body)))?;
        let family = family.ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { channel, family })
    }

    /// Whether an interface leaves the checksums of what it sends to something below it.
    pub(super) fn leaves_checksums(&self, index: u32) -> io::Result<bool> {
        let header = nested(HEADER, &attribute(HEADER_INDEX, &four(index)));
        let mut active = None;
        let request = request(FEATURES_GET, &header);
        self.channel.ask(self.family, &request, &mut |body| {
            active = active.take().or(parse_active(body));
        })?;
        let active = active.ok_or(io::ErrorKind::InvalidData)?;
        Ok(TRANSMIT_CHECKSUM.iter().any(|name| active.contains(*name)))
    }
}

fn request(command: u8, attributes: &[u8]) -> Vec<u8> {
    [&[command, 1, 0, 0], attributes].concat()
}

fn parse_family(body: &[u8]) -> Option<u16> {
    half(find(&attributes(body.get(GENERIC..)?), FAMILY_ID)?, 0)
}

/// The names of features that are on.
fn parse_active(body: &[u8]) -> Option<BTreeSet<String>> {
    let all = attributes(body.get(GENERIC..)?);
    let set = attributes(find(&all, FEATURES_ACTIVE)?);
    let has_mask = find(&set, SET_NO_MASK).is_none();
    let mut names = BTreeSet::new();
    for (kind, bit) in attributes(find(&set, SET_BITS).unwrap_or_default()) {
        let bit = attributes(bit);
        let is_on = !has_mask || find(&bit, BIT_VALUE).is_some();
        if kind == BIT && is_on {
            names.insert(find(&bit, BIT_NAME).map(text)?);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests;

//! Netlink by hand, for the families that no dependency speaks: messages, and the attributes in them.
//!
//! Source: `netlink(7)`, `rtnetlink(7)`. A message is 16 bytes of header (length with them, kind, flags, sequence, port) and a body; an
//! attribute is 4 bytes of header (length with them, kind) and a value, and begins at a multiple of four bytes. Numbers are as the machine
//! has them.

use std::io;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The kernel answers within this time.
const ANSWER: Duration = Duration::from_secs(2);

/// An answer is at most so long.
const BYTES_MAX: usize = 64 << 10;

const HEADER: usize = 16;

/// Flags of a request: that it is one, that its end is told, and that all there are is asked for.
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;

/// Kinds of messages that end an answer.
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// Of the kind of an attribute: that others are in it, and that its number is as the network has it.
const KIND: u16 = 0x3fff;
const NESTED: u16 = 0x8000;

/// A socket of one family.
#[derive(Debug)]
pub(super) struct Channel(OwnedFd);

impl Channel {
    /// Without a family it is that of links and routes.
    pub(super) fn open(family: Option<Protocol>) -> io::Result<Self> {
        let netlink = AddressFamily::NETLINK;
        let flags = SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(netlink, SocketType::RAW, flags, family)?;
        rustix::net::sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
        Ok(Self(socket))
    }

    /// Asks for one thing, and gives the body of each answer to `each`.
    pub(super) fn ask(&self, kind: u16, body: &[u8], each: Each<'_>) -> io::Result<()> {
        self.talk(&message(kind, REQUEST | ACKNOWLEDGE, body), each)
    }

    /// Asks for all things of a kind.
    pub(super) fn dump(&self, kind: u16, body: &[u8], each: Each<'_>) -> io::Result<()> {
        self.talk(&message(kind, REQUEST | DUMP, body), each)
    }

    fn talk(&self, request: &[u8], each: Each<'_>) -> io::Result<()> {
        rustix::net::send(&self.0, request, SendFlags::empty())?;
        let mut buffer = vec![0; BYTES_MAX];
        loop {
            let (len, _) = rustix::net::recv(&self.0, &mut buffer[..], RecvFlags::empty())?;
            if !take(&buffer[..len], each)? {
                return Ok(());
            }
        }
    }
}

/// What is done with the body of a message.
pub(super) type Each<'a> = &'a mut dyn FnMut(&[u8]);

/// Takes what is in one datagram; whether there is more to come.
fn take(mut bytes: &[u8], each: Each<'_>) -> io::Result<bool> {
    while !bytes.is_empty() {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "a message is cut short");
        let len = word(bytes, 0).and_then(|len| usize::try_from(len).ok()).ok_or_else(wrong)?;
        let body = bytes.get(HEADER..len).ok_or_else(wrong)?;
        match half(bytes, 4).ok_or_else(wrong)? {
            // Its first number is the error, below zero; 0 says that it was done.
            ERROR | DONE => {
                let code = word(body, 0).unwrap_or(0).cast_signed();
                let is_done = code >= 0;
                return if is_done {
                    Ok(false)
                } else {
                    Err(io::Error::from_raw_os_error(code.saturating_neg()))
                };
            }
            _ => each(body),
        }
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut bytes = four(len).to_vec();
    bytes.extend(two(kind));
    bytes.extend(two(flags));
    bytes.extend([0; 8]);
    bytes.extend(body);
    bytes
}

/// One attribute, filled up to a multiple of four bytes.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = two(len).to_vec();
    bytes.extend(two(kind));
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// One with others in it.
pub(super) fn nested(kind: u16, inner: &[u8]) -> Vec<u8> {
    attribute(kind | NESTED, inner)
}

/// The attributes in order, each with its kind; those after one that is damaged are not read.
pub(super) fn attributes(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while let (Some(len), Some(kind)) = (half(bytes, 0), half(bytes, 2)) {
        let Some(value) = bytes.get(4..usize::from(len)) else { break };
        found.push((kind & KIND, value));
        bytes = bytes.get(usize::from(len).next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The value of the first of this kind.
pub(super) fn find<'a>(attributes: &[(u16, &'a [u8])], kind: u16) -> Option<&'a [u8]> {
    attributes.iter().find(|(it, _)| *it == kind).map(|(_, value)| *value)
}

/// A text that ends with a zero.
pub(super) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|it| *it == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

/// A number of four bytes.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    let is_little = cfg!(target_endian = "little");
    Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
}

/// A number of two bytes.
pub(super) fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    let is_little = cfg!(target_endian = "little");
    Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
}

/// A number of four bytes, as it is sent.
pub(super) const fn four(number: u32) -> [u8; 4] {
    if cfg!(target_endian = "little") { number.to_le_bytes() } else { number.to_be_bytes() }
}

/// A number of two bytes, as it is sent.
pub(super) const fn two(number: u16) -> [u8; 2] {
    if cfg!(target_endian = "little") { number.to_le_bytes() } else { number.to_be_bytes() }
}

#[cfg(test)]
mod tests;

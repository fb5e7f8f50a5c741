//! The keys of rows: what stands before what in the tables, byte for byte (`docs/format.md`, "Rows").
//!
//! Numbers in keys are big-endian, so that the order of bytes is the order of numbers.

use base::codec::{Malformed, Reader};
use base::{Generation, Namespace, Space, StoreTime};

/// First byte of header rows.
pub(crate) const HEADER: u8 = 0x01;
/// First byte of content rows.
pub(crate) const CONTENT: u8 = 0x02;
/// First byte of rows that say what is to be reclaimed.
pub(crate) const OWED: u8 = 0x03;
/// First byte of rows of the expiry index.
pub(crate) const EXPIRY: u8 = 0x04;

const CATALOGUE: &[u8] = b"\0catalogue";
const KEYS: &[u8] = b"\0keys";

/// What has died and is to be reclaimed, as its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owed {
    /// The content rows of one generation.
    Generation(Space, Generation),
    /// Every row of one space.
    Space(Space),
}

/// Row of one namespace in the catalogue.
pub(crate) fn catalogue(namespace: Namespace) -> Vec<u8> {
    [CATALOGUE, &namespace.0.to_be_bytes()].concat()
}

/// Where the catalogue begins.
pub(crate) fn catalogue_start() -> &'static [u8] {
    CATALOGUE
}

/// The namespace that a row of the catalogue is of; `None` past the catalogue's end.
pub(crate) fn parse_catalogue(key: &[u8]) -> Option<Namespace> {
    let number = key.strip_prefix(CATALOGUE)?;
    Some(Namespace(u32::from_be_bytes(number.try_into().ok()?)))
}

/// Row that counts the objects of a space.
pub(crate) fn keys(space: Space) -> Vec<u8> {
    [KEYS, &space.0.to_be_bytes()].concat()
}

/// The space that a row counts the objects of; `None` if it is another row.
pub(crate) fn parse_keys(key: &[u8]) -> Option<Space> {
    let number = key.strip_prefix(KEYS)?;
    Some(Space(u64::from_be_bytes(number.try_into().ok()?)))
}

/// Appends the key of an object's header row.
pub(crate) fn put_header(out: &mut Vec<u8>, space: Space, id: &[u8]) {
    out.push(HEADER);
    out.extend_from_slice(&space.0.to_be_bytes());
    out.extend_from_slice(id);
}

/// Appends the key of a content row.
pub(crate) fn put_content(out: &mut Vec<u8>, space: Space, generation: Generation, suffix: &[u8]) {
    out.push(CONTENT);
    out.extend_from_slice(&space.0.to_be_bytes());
    out.extend_from_slice(&generation.0.to_be_bytes());
    out.extend_from_slice(suffix);
}

/// What the keys of all content rows of a space begin with.
pub(crate) fn content_of(space: Space) -> Vec<u8> {
    [&[CONTENT][..], &space.0.to_be_bytes()].concat()
}

/// Length of what stands before the suffix in a content key.
pub(crate) const CONTENT_PREFIX_BYTES: usize = 17;

/// Appends the key of a row that says what is to be reclaimed.
pub(crate) fn put_owed(out: &mut Vec<u8>, owed: Owed) {
    out.push(OWED);
    match owed {
        Owed::Generation(space, generation) => {
            out.push(1);
            out.extend_from_slice(&space.0.to_be_bytes());
            out.extend_from_slice(&generation.0.to_be_bytes());
        }
        Owed::Space(space) => {
            out.push(2);
            out.extend_from_slice(&space.0.to_be_bytes());
        }
    }
}

/// Where the rows that say what is to be reclaimed begin, and where they end.
pub(crate) fn owed_bounds() -> ([u8; 1], [u8; 1]) {
    ([OWED], [EXPIRY])
}

/// Reads the key of a row that says what is to be reclaimed.
pub(crate) fn parse_owed(key: &[u8]) -> Result<Owed, Malformed> {
    let mut reader = Reader::new(key);
    let malformed = Malformed { expected: "an owed row" };
    let (tag, kind) = (reader.u8("an owed row")?, reader.u8("an owed row")?);
    let space = Space(reader.u64_ordered("an owed row")?);
    let owed = match (tag, kind) {
        (OWED, 1) => Owed::Generation(space, Generation(reader.u64_ordered("an owed row")?)),
        (OWED, 2) => Owed::Space(space),
        _ => return Err(malformed),
    };
    if reader.is_empty() { Ok(owed) } else { Err(malformed) }
}

/// Appends the key of a row of the expiry index.
pub(crate) fn put_expiry(out: &mut Vec<u8>, deadline: StoreTime, space: Space, id: &[u8]) {
    out.push(EXPIRY);
    out.extend_from_slice(&deadline.0.to_be_bytes());
    out.extend_from_slice(&space.0.to_be_bytes());
    out.extend_from_slice(id);
}

/// Where the expiry index begins, and where what is due after `now` begins.
pub(crate) fn expiry_bounds(now: StoreTime) -> ([u8; 1], Vec<u8>) {
    let mut end = vec![EXPIRY];
    end.extend_from_slice(&now.0.saturating_add(1).to_be_bytes());
    ([EXPIRY], end)
}

/// Reads the key of a row of the expiry index.
pub(crate) fn parse_expiry(key: &[u8]) -> Result<(StoreTime, Space, &[u8]), Malformed> {
    let mut reader = Reader::new(key);
    if reader.u8("an expiry row")? != EXPIRY {
        return Err(Malformed { expected: "an expiry row" });
    }
    let deadline = StoreTime(reader.u64_ordered("an expiry row")?);
    let space = Space(reader.u64_ordered("an expiry row")?);
    Ok((deadline, space, reader.rest()))
}

/// The first key behind all that begin with `prefix`, which must not be all `0xff`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests;

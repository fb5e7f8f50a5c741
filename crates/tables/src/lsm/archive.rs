//! The end of a table or manifest file: its table of contents, read within bounds.
//!
//! The tree reads it too, but allocates by a length in it before it has checked it, so that one
//! flipped bit asks for more memory than there is and ends the process. Whoever opens a file reads
//! its contents here first.
//!
//! Layout, numbers little-endian: sections from offset 0; the contents: `TOC!`, count u32, then for
//! each section position u64, length u64, name (length u16, bytes); the trailer of 38 bytes: `SFA!`,
//! version u8 (1), checksum type u8 (0), xxh3-128 of the contents, position of the contents u64,
//! length of the contents u64. Source: the `sfa` crate, 1.0.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use base::codec::{Malformed, Reader};
use xxhash_rust::xxh3::xxh3_128;

use crate::Error;

const TRAILER_BYTES: u64 = 38;

/// Far above what any table has: ten sections with short names.
const CONTENTS_BYTES_MAX: u64 = 64 * 1024;

/// A part of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: Vec<u8>,
    pub(super) at: u64,
    pub(super) len: u64,
}

/// The sections of the file, all of which lie inside it.
pub(super) fn contents(path: &Path) -> Result<Vec<Section>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(damage(path, "it is missing"));
        }
        Err(e) => return Err(Error::io("open", path)(e)),
    };
    let len = file.metadata().map_err(Error::io("measure", path))?.len();
    let Some(trailer_at) = len.checked_sub(TRAILER_BYTES) else {
        return Err(damage(path, "it is too short"));
    };
    let trailer = read(&file, path, trailer_at, TRAILER_BYTES)?;
    let trailer = parse_trailer(&trailer).map_err(|e| damage(path, e.to_string()))?;
    let in_place = trailer.len <= CONTENTS_BYTES_MAX
        && trailer.at.checked_add(trailer.len) == Some(trailer_at);
    if !in_place {
        return Err(damage(path, "its trailer points outside it"));
    }
    let bytes = read(&file, path, trailer.at, trailer.len)?;
    if xxh3_128(&bytes) != trailer.checksum {
        return Err(damage(path, "the checksum of its contents is wrong"));
    }
    let sections = parse_sections(&bytes).map_err(|e| damage(path, e.to_string()))?;
    let inside = |section: &Section| {
        section.at.checked_add(section.len).is_some_and(|end| end <= trailer.at)
    };
    if !sections.iter().all(inside) {
        return Err(damage(path, "a section lies outside it"));
    }
    Ok(sections)
}

fn damage(path: &Path, reason: impl Into<String>) -> Error {
    Error::damaged(path.display().to_string(), reason)
}

fn read(file: &File, path: &Path, at: u64, len: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    file.read_exact_at(&mut bytes, at).map_err(Error::io("read", path))?;
    Ok(bytes)
}

struct Trailer {
    checksum: u128,
    at: u64,
    len: u64,
}

fn parse_trailer(bytes: &[u8]) -> Result<Trailer, Malformed> {
    let mut reader = Reader::new(bytes);
    let expected = "a trailer";
    if reader.take(6, expected)? != b"SFA!\x01\x00" {
        return Err(Malformed { expected });
    }
    let checksum = checksum(&mut reader)?;
    Ok(Trailer { checksum, at: reader.u64("a position")?, len: reader.u64("a length")? })
}

/// The next 16 bytes as a number.
pub(super) fn checksum(reader: &mut Reader<'_>) -> Result<u128, Malformed> {
    let expected = "a checksum";
    let (bytes, _) =
        reader.take(16, expected)?.split_first_chunk().ok_or(Malformed { expected })?;
    Ok(u128::from_le_bytes(*bytes))
}

fn parse_sections(bytes: &[u8]) -> Result<Vec<Section>, Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.take(4, "contents")? != b"TOC!" {
        return Err(Malformed { expected: "contents" });
    }
    let count = reader.u32("a count of sections")?;
    let mut sections = Vec::new();
    for _ in 0..count {
        let at = reader.u64("a position")?;
        let len = reader.u64("a length")?;
        let name_len = usize::from(reader.u16("the length of a name")?);
        let name = reader.take(name_len, "a name")?.to_vec();
        sections.push(Section { name, at, len });
    }
    if reader.is_empty() { Ok(sections) } else { Err(Malformed { expected: "the end" }) }
}

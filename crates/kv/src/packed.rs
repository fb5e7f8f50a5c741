//! A small object's content as one run of bytes: the same in memory, in the log and in the tables.
//!
//! Rows in ascending order of suffix, each `suffix bytes, value bytes` (`docs/format.md`, "Header
//! rows"). Small is what [`fits`], so a search is a walk and a change is one copy; both are cheaper than
//! any tree at this size.

use std::cmp::Ordering;
use std::ops::Range;

use base::codec::{Malformed, Reader, put_bytes, varint_len};

/// Content of one row above this is split: room for a value of 4 KiB, an empty suffix, and their lengths. A
/// row is written whole wherever it is, but here also with each new deadline.
pub const LONE_ROW_BYTES_MAX: usize = 4 * 1024 + 3;

/// Content of several rows above this is split, so that a change of one does not write them all.
pub const BYTES_MAX: usize = 1024;

/// Content of more rows than this is split.
pub const ROWS_MAX: usize = 32;

/// Whether so many rows, which take so many bytes, are one run of bytes.
pub(crate) const fn fits(rows: usize, bytes: usize) -> bool {
    let bytes_max = if rows <= 1 { LONE_ROW_BYTES_MAX } else { BYTES_MAX };
    rows <= ROWS_MAX && bytes <= bytes_max
}

/// One row of packed content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) suffix: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// Walks the rows of content that was checked when it came into memory.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a>(Reader<'a>);

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let suffix = self.0.bytes("a suffix").ok()?;
        let value = self.0.bytes("a value").ok()?;
        Some(Row { suffix, value })
    }
}

/// The rows of `content`, in order.
pub(crate) const fn rows(content: &[u8]) -> Rows<'_> {
    Rows(Reader::new(content))
}

/// The order of two suffixes. The one row of a string has an empty suffix, and to compare nothing is not
/// free: the C library asks the processor for no bytes of an address where there may be no memory, which
/// costs it hundreds of cycles.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    if a.is_empty() || b.is_empty() { a.len().cmp(&b.len()) } else { a.cmp(b) }
}

/// The value of the row `suffix`.
pub(crate) fn get<'a>(content: &'a [u8], suffix: &[u8]) -> Option<&'a [u8]> {
    for row in rows(content) {
        match order(row.suffix, suffix) {
            Ordering::Less => {}
            Ordering::Equal => return Some(row.value),
            Ordering::Greater => break,
        }
    }
    None
}

/// Where a row is in content, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its bytes; empty where it would be if it is not there.
    at: Range<usize>,
    /// How many other rows there are.
    others: usize,
}

/// Where the row `suffix` is.
pub(crate) fn place(content: &[u8], suffix: &[u8]) -> Place {
    let mut rest = rows(content);
    let mut place = Place { at: content.len()..content.len(), others: 0 };
    let mut is_found = false;
    loop {
        let start = content.len() - rest.0.rest().len();
        let Some(row) = rest.next() else { return place };
        let order = if is_found { Ordering::Greater } else { order(row.suffix, suffix) };
        if order == Ordering::Equal {
            place.at = start..content.len() - rest.0.rest().len();
        } else {
            place.others += 1;
        }
        if order == Ordering::Greater && !is_found {
            place.at = start..start;
        }
        is_found = order != Ordering::Less;
    }
}

impl Place {
    /// Bytes of the content once the row is `suffix` and `value`, or is gone.
    pub(crate) fn len_with(&self, content: &[u8], suffix: &[u8], value: Option<&[u8]>) -> usize {
        content.len() - self.at.len() + value.map_or(0, |value| row_len(suffix, value))
    }

    /// Whether the row, set to `value`, would make the content too large to be one row.
    pub(crate) fn outgrows(&self, content: &[u8], suffix: &[u8], value: &[u8]) -> bool {
        !fits(self.others + 1, self.len_with(content, suffix, Some(value)))
    }

    /// Appends `content` to `out` with the row set to `value`, or without it.
    pub(crate) fn replace(
        &self,
        out: &mut Vec<u8>,
        content: &[u8],
        suffix: &[u8],
        value: Option<&[u8]>,
    ) {
        out.extend_from_slice(&content[..self.at.start]);
        if let Some(value) = value {
            push(out, suffix, value);
        }
        out.extend_from_slice(&content[self.at.end..]);
    }
}

/// Bytes that a row takes.
pub(crate) const fn row_len(suffix: &[u8], value: &[u8]) -> usize {
    varint_len(suffix.len() as u64) + suffix.len() + varint_len(value.len() as u64) + value.len()
}

/// Appends one row; the caller keeps the order.
pub(crate) fn push(out: &mut Vec<u8>, suffix: &[u8], value: &[u8]) {
    put_bytes(out, suffix);
    put_bytes(out, value);
}

/// Checks content that comes from outside memory: well formed, in order, each suffix once.
pub(crate) fn check(content: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(content);
    let mut last: Option<&[u8]> = None;
    while !reader.is_empty() {
        let suffix = reader.bytes("a suffix")?;
        reader.bytes("a value")?;
        if last.is_some_and(|last| last >= suffix) {
            return Err(Malformed { expected: "suffixes in ascending order" });
        }
        last = Some(suffix);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

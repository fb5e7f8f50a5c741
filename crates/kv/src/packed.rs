//! A small object's content as one run of bytes: the same in memory, in the log and in the tables.
//!
//! Rows in ascending order of suffix, each `suffix bytes, value bytes` (`docs/format.md`, "Header
//! rows"). Small means at most [`BYTES_MAX`] and [`ROWS_MAX`], so a search is a walk and a change is
//! one copy; both are cheaper than any tree at this size.

use base::codec::{Malformed, Reader, put_bytes, varint_len};

/// Content above this is split over rows of its own.
pub const BYTES_MAX: usize = 1024;

/// Content of more rows than this is split over rows of its own.
pub const ROWS_MAX: usize = 32;

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

/// The value of the row `suffix`.
pub(crate) fn get<'a>(content: &'a [u8], suffix: &[u8]) -> Option<&'a [u8]> {
    rows(content)
        .take_while(|row| row.suffix <= suffix)
        .find(|row| row.suffix == suffix)
        .map(|row| row.value)
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

/// Appends `content` to `out` with the row `suffix` set to `value`, or without it.
pub(crate) fn replace(out: &mut Vec<u8>, content: &[u8], suffix: &[u8], value: Option<&[u8]>) {
    let mut rest = rows(content);
    let mut before = content.len();
    let mut after = before;
    loop {
        let at = content.len() - rest.0.rest().len();
        match rest.next() {
            Some(row) if row.suffix < suffix => {}
            Some(row) => {
                before = at;
                after = if row.suffix == suffix { content.len() - rest.0.rest().len() } else { at };
                break;
            }
            None => break,
        }
    }
    out.extend_from_slice(&content[..before]);
    if let Some(value) = value {
        push(out, suffix, value);
    }
    out.extend_from_slice(&content[after..]);
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

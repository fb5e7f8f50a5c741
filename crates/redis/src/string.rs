//! Strings over rows: one row with an empty suffix while short, rows of 16 KiB when not.
//!
//! A string of at most [`WHOLE_BYTES_MAX`] is its object's only row. A longer one is cut into rows whose
//! suffix is their number (u32, big-endian), so that APPEND, SETRANGE and GETRANGE touch what they name
//! and nothing else; it stays cut until it is replaced.
//!
//! Invariants:
//! 1. All rows of a cut string but the last are [`CHUNK_BYTES`] long.
//! 2. A string is cut if and only if its object is split.

use std::borrow::Cow;
use std::ops::Bound::Unbounded;
use std::ops::Range;

use kv::{Header, Object, Stop, Txn, Type};

use crate::call::Call;
use crate::error::Error;

/// Length of a row of a cut string.
pub(crate) const CHUNK_BYTES: usize = 16 * 1024;

/// Bytes of a row's suffix in a cut string.
const SUFFIX_BYTES: u64 = 4;

/// Longest string that stays whole: with its lengths it just fits one row, so that none that is cut does.
const WHOLE_BYTES_MAX: usize = kv::LONE_ROW_BYTES_MAX - 3;

fn suffix(chunk: usize) -> [u8; 4] {
    u32::try_from(chunk).unwrap_or(u32::MAX).to_be_bytes()
}

/// Length of a string, from its header alone.
pub(crate) fn len(header: &Header) -> usize {
    let suffixes = if header.split { header.rows * SUFFIX_BYTES } else { 0 };
    usize::try_from(header.bytes - suffixes).unwrap_or(usize::MAX)
}

/// The value of a string; `None` if there is no object.
pub(crate) fn read<'t>(txn: &'t Txn<'_>, object: Object) -> Result<Option<Cow<'t, [u8]>>, Error> {
    if !txn.is_split(object) {
        return Ok(txn.row(object, b"")?.map(Cow::Borrowed));
    }
    let rows = txn.rows(object, (Unbounded, Unbounded))?;
    let mut value = Vec::with_capacity(rows.iter().map(|row| row.1.len()).sum());
    for (_, chunk) in rows {
        value.extend_from_slice(chunk);
    }
    Ok(Some(Cow::Owned(value)))
}

/// The bytes of a string that lie within `range`, which must not reach beyond its end.
pub(crate) fn read_range<'t>(
    txn: &'t Txn<'_>,
    object: Object,
    range: Range<usize>,
) -> Result<Cow<'t, [u8]>, Error> {
    if !txn.is_split(object) {
        let value = txn.row(object, b"")?.unwrap_or_default();
        return Ok(Cow::Borrowed(value.get(range).unwrap_or_default()));
    }
    let chunks = range.start / CHUNK_BYTES..range.end.div_ceil(CHUNK_BYTES);
    need(txn, object, chunks.clone())?;
    let mut value = Cow::Borrowed([].as_slice());
    for number in chunks {
        let start = number * CHUNK_BYTES;
        let chunk = txn.row(object, &suffix(number))?.unwrap_or_default();
        let from = range.start.saturating_sub(start);
        let part = chunk.get(from..chunk.len().min(range.end - start)).unwrap_or_default();
        if value.is_empty() {
            value = Cow::Borrowed(part);
        } else {
            value.to_mut().extend_from_slice(part);
        }
    }
    Ok(value)
}

/// Asks for all rows of `chunks` that are not in memory before one of them is touched, so that they
/// are loaded together.
fn need(txn: &Txn<'_>, object: Object, chunks: Range<usize>) -> Result<(), Stop> {
    let rows = chunks.map(|number| txn.row(object, &suffix(number)).map(drop));
    rows.fold(Ok(()), Result::and)
}

/// Puts a string in the place of whatever is there, without a deadline.
pub(crate) fn set(txn: &mut Txn<'_>, object: Object, value: &[u8]) -> Result<(), Error> {
    check_len(txn, value.len())?;
    if value.len() <= WHOLE_BYTES_MAX {
        return Ok(txn.create_with(object, Type::String, b"", value)?);
    }
    txn.create(object, Type::String)?;
    for (number, chunk) in value.chunks(CHUNK_BYTES).enumerate() {
        txn.put(object, &suffix(number), chunk)?;
    }
    Ok(())
}

/// As [`set`], for a string or nothing, and keeps the deadline.
pub(crate) fn replace(txn: &mut Txn<'_>, object: Object, value: &[u8]) -> Result<(), Error> {
    let is_whole = txn.kind(object).is_some() && !txn.is_split(object);
    if is_whole && value.len() <= WHOLE_BYTES_MAX {
        return Ok(txn.put(object, b"", value)?);
    }
    let deadline = txn.header(object).and_then(|header| header.deadline);
    set(txn, object, value)?;
    Ok(txn.set_deadline(object, deadline)?)
}

/// Writes `bytes` at `offset` of a string or nothing, with zeros from its end to there, and keeps the
/// deadline. Returns the new length. Touches the rows from the end or the offset on, as far as it
/// writes.
pub(crate) fn write(
    txn: &mut Txn<'_>,
    object: Object,
    offset: usize,
    bytes: &[u8],
) -> Result<usize, Error> {
    let header = txn.header(object);
    let old_len = header.as_ref().map_or(0, len);
    let patch = Patch { offset, bytes };
    let new_len = old_len.max(patch.end());
    check_len(txn, new_len)?;
    if let Some(Header { split: true, .. }) = header {
        let chunks = old_len.min(offset) / CHUNK_BYTES..patch.end().div_ceil(CHUNK_BYTES);
        need(txn, object, chunks.clone())?;
        for number in chunks {
            let old = txn.row(object, &suffix(number))?.unwrap_or_default();
            let chunk = patch.over(old, number * CHUNK_BYTES, new_len);
            txn.put(object, &suffix(number), &chunk)?;
        }
        return Ok(new_len);
    }
    let old = read(txn, object)?.unwrap_or_default().into_owned();
    replace(txn, object, &patch.over_all(&old, new_len))?;
    Ok(new_len)
}

/// Refuses a string that would be longer than a value may be.
fn check_len(txn: &Txn<'_>, len: usize) -> Result<(), Error> {
    if len > txn.limits().value_bytes { Err(Error::STRING_TOO_LONG) } else { Ok(()) }
}

/// Bytes that go to a place in a string.
#[derive(Clone, Copy, Debug)]
struct Patch<'a> {
    offset: usize,
    bytes: &'a [u8],
}

impl Patch<'_> {
    const fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }

    /// The row that begins at `start` of a string that is `len` long then.
    fn over(&self, old: &[u8], start: usize, len: usize) -> Vec<u8> {
        self.put_over(old, start, CHUNK_BYTES.min(len - start))
    }

    /// The whole string, `len` long.
    fn over_all(&self, old: &[u8], len: usize) -> Vec<u8> {
        self.put_over(old, 0, len)
    }

    fn put_over(&self, old: &[u8], start: usize, len: usize) -> Vec<u8> {
        let mut new = Vec::with_capacity(len);
        new.extend_from_slice(old);
        new.resize(len, 0);
        let (from, to) = (self.offset.max(start), self.end().min(start + len));
        if from < to {
            let bytes = &self.bytes[from - self.offset..to - self.offset];
            new[from - start..to - start].copy_from_slice(bytes);
        }
        new
    }
}

impl Call<'_, '_> {
    /// The value of a string; `None` if there is no object.
    pub(crate) fn string(&self, object: Object) -> Result<Option<Cow<'_, [u8]>>, Error> {
        if self.exists_as(object, Type::String)? { read(self.txn, object) } else { Ok(None) }
    }

    /// Answers the value of a string, or null if there is no object.
    pub(crate) fn reply_with_string(&mut self, object: Object) -> Result<(), Error> {
        // The reply is borrowed beside the transaction, so that the value is copied only once.
        let Some(kind) = self.txn.kind(object) else {
            self.reply.null();
            return Ok(());
        };
        if kind != Type::String {
            return Err(Error::WRONG_TYPE);
        }
        match read(self.txn, object)? {
            Some(value) => self.reply.bulk(&value),
            None => self.reply.null(),
        }
        Ok(())
    }

    /// The length of a string; 0 if there is no object.
    pub(crate) fn string_len(&self, object: Object) -> Result<usize, Error> {
        Ok(self.header_of(object, Type::String)?.as_ref().map_or(0, len))
    }

    /// Puts a string in the place of whatever is there, without a deadline.
    pub(crate) fn set_string(&mut self, object: Object, value: &[u8]) -> Result<(), Error> {
        set(self.txn, object, value)
    }

    /// Answers the bytes of a string from one index to another, both included and negative from the
    /// end on.
    pub(crate) fn reply_with_range(
        &mut self,
        object: Object,
        first: i64,
        last: i64,
    ) -> Result<(), Error> {
        let len = self.string_len(object)?;
        let range = range_of(first, last, len);
        if range.is_empty() {
            self.reply.bulk(b"");
        } else {
            self.reply.bulk(&read_range(self.txn, object, range)?);
        }
        Ok(())
    }
}

/// What GETRANGE takes its indices for in a string of `len` bytes.
fn range_of(first: i64, last: i64, len: usize) -> Range<usize> {
    if first < 0 && last < 0 && first > last {
        return 0..0;
    }
    let from_start = |index: i64| {
        let back = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        if index < 0 { len.saturating_sub(back) } else { back }
    };
    from_start(first)..from_start(last).saturating_add(1).min(len)
}

#[cfg(test)]
mod tests;

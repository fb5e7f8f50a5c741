//! Strings over rows: one row with an empty suffix while small, rows of 16 KiB when not.
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

use kv::{Header, Object, Txn, Type};

use crate::call::Call;
use crate::error::Error;

/// Length of a row of a cut string.
pub(crate) const CHUNK_BYTES: usize = 16 * 1024;

/// Bytes of a row's suffix in a cut string.
const SUFFIX_BYTES: u64 = 4;

/// Longest string that stays whole: with its lengths it just fits a packed object.
const WHOLE_BYTES_MAX: usize = kv::PACKED_BYTES_MAX - 3;

fn suffix(chunk: usize) -> [u8; 4] {
    u32::try_from(chunk).unwrap_or(u32::MAX).to_be_bytes()
}

/// Length of a string, from its header alone.
pub(crate) fn len(header: &Header) -> usize {
    let suffixes = if header.split { header.rows * SUFFIX_BYTES } else { 0 };
    usize::try_from(header.bytes - suffixes).unwrap_or(usize::MAX)
}

fn read<'t>(txn: &'t Txn<'_>, object: Object) -> Result<Option<Cow<'t, [u8]>>, Error> {
    if !txn.is_split(object) {
        return Ok(txn.row(object, b"")?.map(Cow::Borrowed));
    }
    let rows = txn.rows(object, (Unbounded, Unbounded))?;
    let mut value = Vec::with_capacity(rows.iter().map(|row| row.1.len()).sum());
    rows.into_iter().for_each(|(_, chunk)| value.extend_from_slice(chunk));
    Ok(Some(Cow::Owned(value)))
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

    /// Puts a string in the place of whatever is there, without a deadline.
    pub(crate) fn set_string(&mut self, object: Object, value: &[u8]) -> Result<(), Error> {
        self.txn.create(object, Type::String)?;
        if value.len() <= WHOLE_BYTES_MAX {
            return Ok(self.txn.put(object, b"", value)?);
        }
        for (number, chunk) in value.chunks(CHUNK_BYTES).enumerate() {
            self.txn.put(object, &suffix(number), chunk)?;
        }
        Ok(())
    }
}

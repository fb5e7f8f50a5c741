//! Whether a row is one that the store could have written, whatever it means to its layer.
//!
//! For who reads rows without a store. A store uses the same decoders where it reads them.

use base::codec::Malformed;

use crate::key;
use crate::load::parse_header_row;
use crate::namespace;
use crate::object::{Entry, State};
use crate::reading::{RowKey, read_key};

/// Reads the key of a row of the tables, and its value where the store gives that a meaning.
pub fn check_row(row: &[u8], value: &[u8]) -> Result<(), Malformed> {
    if let Some(_namespace) = key::parse_catalogue(row) {
        return namespace::Entry::decode(value).map(|_entry| ());
    }
    match (read_key(row), row.first()) {
        (RowKey::Header { space, id }, _) => {
            let (last_commit, body) = parse_header_row(value)?;
            Entry::new(space, id, State::Absent).decode(last_commit, body)
        }
        (RowKey::Internal, Some(&key::OWED)) => key::parse_owed(row).map(|_owed| ()),
        (RowKey::Internal, Some(&key::EXPIRY)) => key::parse_expiry(row).map(|_due| ()),
        (RowKey::Internal, Some(&(key::HEADER | key::CONTENT))) => {
            Err(Malformed { expected: "the key of a row of an object" })
        }
        (RowKey::Content { .. } | RowKey::Internal, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

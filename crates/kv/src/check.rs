//! Whether a row is one that the store could have written, whatever it means to its layer.
//!
//! For who reads rows without a store. A store uses the same decoders where it reads them.

use base::Space;
use base::codec::Malformed;

use crate::key;
use crate::load::parse_header_row;
use crate::namespace;
use crate::object::{Entry, State};

/// Reads the key of a row of the tables, and its value where the store gives that a meaning.
pub fn check_row(row: &[u8], value: &[u8]) -> Result<(), Malformed> {
    match row.first() {
        Some(&key::HEADER) => {
            let id =
                key::object_of_row(row).ok_or(Malformed { expected: "the id of an object" })?;
            let (last_commit, body) = parse_header_row(value)?;
            Entry::new(Space(0), id, State::Absent).decode(last_commit, body)
        }
        Some(&key::CONTENT) => match key::object_of_row(row) {
            Some(_suffix) => Ok(()),
            None => Err(Malformed { expected: "the key of a content row" }),
        },
        Some(&key::OWED) => key::parse_owed(row).map(|_owed| ()),
        Some(&key::EXPIRY) => key::parse_expiry(row).map(|_due| ()),
        _ => match key::parse_catalogue(row) {
            Some(_namespace) => namespace::Entry::decode(value).map(|_entry| ()),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests;

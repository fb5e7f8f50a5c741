//! Commands whose reply is all of one object, written row by row: for objects too large to be held in
//! memory for it.
//!
//! Knows neither where the rows come from nor when what was written leaves.
//!
//! Invariant: what is written for an object is what the command itself answers for it.

use kv::{Header, Type};
use wire::resp::Writer;

use crate::command::Command;
use crate::error::Error;
use crate::keys::HASH_BYTES;
use crate::string;

/// What such a command answers of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Fields and values of a hash.
    Fields,
    /// Fields of a hash.
    Names,
    /// Values of a hash.
    Values,
    /// The value of a string.
    Text,
}

impl Stream {
    /// For the commands that are such; their key is argument 1.
    pub fn of(command: &Command) -> Option<Self> {
        Some(match command.name {
            "hgetall" => Self::Fields,
            "hkeys" => Self::Names,
            "hvals" => Self::Values,
            "get" => Self::Text,
            _ => return None,
        })
    }

    /// What is answered where there is no object.
    pub fn put_absent(self, reply: &mut Writer) {
        match self {
            Self::Fields => reply.map(0),
            Self::Names | Self::Values => reply.array(0),
            Self::Text => reply.null(),
        }
    }

    /// What stands before the rows of an object.
    ///
    /// # Errors
    /// [`Error::WRONG_TYPE`] if the command is for another type; nothing is written then.
    pub fn put_head(self, reply: &mut Writer, header: &Header) -> Result<(), Error> {
        let kind = if self == Self::Text { Type::String } else { Type::Hash };
        if header.kind != kind {
            return Err(Error::WRONG_TYPE);
        }
        let rows = usize::try_from(header.rows).unwrap_or(usize::MAX);
        match self {
            Self::Fields => reply.map(rows),
            Self::Names | Self::Values => reply.array(rows),
            Self::Text => reply.bulk_head(string::len(header)),
        }
        Ok(())
    }

    /// One row.
    pub fn put_row(self, reply: &mut Writer, header: &Header, suffix: &[u8], value: &[u8]) {
        let hashed = if header.split { HASH_BYTES } else { 0 };
        let name = suffix.get(hashed..).unwrap_or_default();
        match self {
            Self::Fields => {
                reply.bulk(name);
                reply.bulk(value);
            }
            Self::Names => reply.bulk(name),
            Self::Values => reply.bulk(value),
            Self::Text => reply.raw(value),
        }
    }

    /// What stands behind the last row.
    pub fn put_end(self, reply: &mut Writer) {
        if self == Self::Text {
            reply.raw(b"\r\n");
        }
    }
}

//! Commands whose reply is all of one object, written row by row: for objects too large to be held in
//! memory for it.
//!
//! Knows neither where the rows come from nor when what was written leaves.
//!
//! Invariant: what is written for an object is what the command itself answers for it, or may answer where it
//! draws.

use base::rng::SplitMix64;
use kv::{Header, Type};
use wire::resp::{Args, Writer};

use crate::command::Command;
use crate::commands::hrandfield;
use crate::error::Error;
use crate::keys::HASH_BYTES;
use crate::string;

/// What such a command answers of its object.
#[derive(Clone, Debug)]
pub enum Stream {
    /// Fields and values of a hash.
    Fields,
    /// Fields of a hash.
    Names,
    /// Values of a hash.
    Values,
    /// The value of a string.
    Text,
    /// Different fields of a hash, drawn.
    Drawn(Draw),
}

/// A draw of some among rows that go by once: each set of so many is as likely as any other. They stay in the
/// order in which they go by. Source: Knuth, "The Art of Computer Programming", volume 2, algorithm 3.4.2 S.
#[derive(Clone, Debug)]
pub struct Draw {
    wanted: u64,
    /// Rows that have not gone by yet.
    left: u64,
    with_values: bool,
    rng: SplitMix64,
}

impl Draw {
    fn takes_next(&mut self) -> bool {
        let takes = self.rng.below(self.left) < self.wanted;
        self.left = self.left.saturating_sub(1);
        self.wanted = self.wanted.saturating_sub(u64::from(takes));
        takes
    }
}

impl Stream {
    /// For the requests that are such; their key is argument 1. `random` is what is drawn by.
    pub fn of(command: &Command, args: Args<'_>, random: u64) -> Option<Self> {
        Some(match command.name {
            "hgetall" => Self::Fields,
            "hkeys" => Self::Names,
            "hvals" => Self::Values,
            "get" => Self::Text,
            "hrandfield" => {
                let (wanted, with_values) = hrandfield::different_fields(args)?;
                let rng = SplitMix64::new(random);
                Self::Drawn(Draw { wanted, left: 0, with_values, rng })
            }
            _ => return None,
        })
    }

    /// What is answered where there is no object.
    pub fn put_absent(&self, reply: &mut Writer) {
        match self {
            Self::Fields => reply.map(0),
            Self::Names | Self::Values | Self::Drawn(_) => reply.array(0),
            Self::Text => reply.null(),
        }
    }

    /// What stands before the rows of an object.
    ///
    /// # Errors
    /// [`Error::WRONG_TYPE`] if the command is for another type; nothing is written then.
    pub fn put_head(&mut self, reply: &mut Writer, header: &Header) -> Result<(), Error> {
        let kind = if matches!(self, Self::Text) { Type::String } else { Type::Hash };
        if header.kind != kind {
            return Err(Error::WRONG_TYPE);
        }
        let rows = usize::try_from(header.rows).unwrap_or(usize::MAX);
        match self {
            Self::Fields => reply.map(rows),
            Self::Names | Self::Values => reply.array(rows),
            Self::Text => reply.bulk_head(string::len(header)),
            Self::Drawn(draw) => {
                draw.left = header.rows;
                draw.wanted = draw.wanted.min(header.rows);
                let count = usize::try_from(draw.wanted).unwrap_or(usize::MAX);
                hrandfield::head(reply, count, draw.with_values);
            }
        }
        Ok(())
    }

    /// One row.
    pub fn put_row(&mut self, reply: &mut Writer, header: &Header, suffix: &[u8], value: &[u8]) {
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
            Self::Drawn(draw) => {
                if draw.takes_next() {
                    hrandfield::element(reply, (name, value), draw.with_values);
                }
            }
        }
    }

    /// What stands behind the last row.
    pub fn put_end(&self, reply: &mut Writer) {
        if matches!(self, Self::Text) {
            reply.raw(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests;

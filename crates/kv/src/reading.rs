//! Rows as they stand in the log, taken apart for whoever reads it there.

use base::codec::{Malformed, Reader};
use base::{Generation, Namespace, Sequence, Space, Tenant};

use crate::key;
use crate::namespace::Entry as CatalogueEntry;
use crate::object::{Entry, State, Type};
use crate::packed;

/// What a row is, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKey<'a> {
    /// Says what an object is.
    Header {
        /// Where the object is.
        space: Space,
        /// Which one it is.
        id: &'a [u8],
    },
    /// A row of an object that does not fit its header row.
    Content {
        /// Where the object is.
        space: Space,
        /// Which life of its content.
        generation: Generation,
        /// Which row.
        suffix: &'a [u8],
    },
    /// The store's own.
    Internal,
}

/// Says what a row is.
pub fn read_key(row: &[u8]) -> RowKey<'_> {
    let parse = || -> Result<RowKey<'_>, Malformed> {
        let mut reader = Reader::new(row);
        let tag = reader.u8("a row")?;
        if tag != key::HEADER && tag != key::CONTENT {
            return Ok(RowKey::Internal);
        }
        let space = Space(reader.u64_ordered("a space")?);
        if tag == key::HEADER {
            return Ok(RowKey::Header { space, id: reader.rest() });
        }
        let generation = Generation(reader.u64_ordered("a generation")?);
        Ok(RowKey::Content { space, generation, suffix: reader.rest() })
    };
    parse().unwrap_or(RowKey::Internal)
}

/// What a row of the catalogue says: where the parts of a namespace are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueRow {
    /// Which namespace.
    pub namespace: Namespace,
    /// Whose it is.
    pub tenant: Tenant,
    /// Where each of its layers is.
    pub spaces: Vec<Space>,
}

/// Reads a row of the catalogue; `None` if it is another row, or not as it should be.
pub fn read_catalogue(row: &[u8], value: &[u8]) -> Option<CatalogueRow> {
    let namespace = key::parse_catalogue(row)?;
    let entry = CatalogueEntry::decode(value).ok()?;
    let spaces = entry.parts.iter().map(|part| part.space).collect();
    Some(CatalogueRow { namespace, tenant: entry.tenant, spaces })
}

/// The space that a row says is dead, and owed; `None` if it is another row.
pub fn read_owed_space(row: &[u8]) -> Option<Space> {
    match key::parse_owed(row) {
        Ok(key::Owed::Space(space)) => Some(space),
        _ => None,
    }
}

/// The bounds of the rows of the catalogue, in the tables.
pub fn catalogue_bounds() -> (Vec<u8>, Vec<u8>) {
    let start = key::catalogue_start();
    (start.to_vec(), key::after_prefix(start))
}

/// What a header row says, as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderBody {
    /// What the object is.
    pub kind: Type,
    /// Under which generation its rows lie, if they do not lie in the header row.
    pub generation: Option<Generation>,
    /// Its row with an empty suffix, if that lies in the header row.
    pub row: Option<Vec<u8>>,
}

/// Reads the body of a header row.
pub fn read_header(body: &[u8]) -> Result<HeaderBody, Malformed> {
    let mut entry = Entry::new(Space(0), b"", State::Absent);
    entry.decode(Sequence::ZERO, body)?;
    let generation = match &entry.state {
        State::Split(split) => Some(split.generation),
        _ => None,
    };
    let row = match generation {
        Some(_) => None,
        None => packed::get(entry.content(), b"").map(<[u8]>::to_vec),
    };
    Ok(HeaderBody { kind: entry.kind(), generation, row })
}

/// A row of the store's own, or one that nothing more is known of, for people.
pub fn describe_row(row: &[u8]) -> String {
    let number = |at: usize| {
        row.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
    };
    if let Some(namespace) = key::parse_catalogue(row) {
        return format!("catalogue of namespace {namespace}");
    }
    if let Ok((deadline, space, id)) = key::parse_expiry(row) {
        return format!("deadline {} of \"{}\" in space {space}", deadline.0, id.escape_ascii());
    }
    match (read_key(row), key::parse_owed(row)) {
        (RowKey::Header { space, id }, _) => {
            format!("object \"{}\" in space {space}", id.escape_ascii())
        }
        (RowKey::Content { space, generation, suffix }, _) => {
            let suffix = suffix.escape_ascii();
            format!("row \"{suffix}\" of generation {generation} in space {space}")
        }
        (_, Ok(key::Owed::Generation(space, generation))) => {
            format!("owed: generation {generation} in space {space}")
        }
        (_, Ok(key::Owed::Space(space))) => format!("owed: space {space}"),
        _ if row.starts_with(&key::keys(Space(0))[..5]) => {
            format!("count of the objects in space {}", number(5))
        }
        _ => format!("\"{}\"", row.escape_ascii()),
    }
}

#[cfg(test)]
mod tests;

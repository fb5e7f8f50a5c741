//! Rows of the log by the names that clients know: keys, locks, requests, topics.
//!
//! What an object is stands in its header row, and a row of its own names only the generation that it belongs to:
//! so whoever reads a log has all of it learned, commit by commit, before asking for names.
//!
//! Knows no file and no log. Takes memory for each large object that the log names.

use std::collections::{HashMap, HashSet};
use std::fmt;

use base::{Generation, Namespace, Space, Tenant};
use kv::{
    CatalogueRow, Layer, RowKey, Type, describe_row, read_catalogue, read_header, read_key,
    read_owed_space,
};
use redis::Keys;

use crate::server::DATABASES;

/// What has been learned.
#[derive(Debug)]
pub struct Names {
    keys: Keys,
    layers: HashMap<Space, Layer>,
    owners: HashMap<(Space, Generation), Owner>,
    places: HashMap<Space, Place>,
    /// The same by the tables, which are later than the log, of spaces that the log does not tell of.
    later_places: HashMap<Space, Place>,
    /// Spaces that a row of the log's catalogue names.
    told: HashSet<Space>,
    /// Spaces that are dead with the commit that is being learned.
    dead: Vec<Space>,
    /// The spaces of each namespace, and whether the row that said so last removed all that was there before.
    databases: HashMap<Namespace, (Vec<Space>, bool)>,
}

/// The database that a space is or was a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    tenant: Tenant,
    namespace: Namespace,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant {} database {}", self.tenant.0, self.namespace.0 % DATABASES)
    }
}

/// Whose the rows of a generation are.
#[derive(Debug)]
struct Owner {
    kind: Type,
    id: Vec<u8>,
    /// Whether they are the batches of a partition.
    are_batches: bool,
}

/// What a row is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// For people.
    pub text: String,
    /// The key, or the name of the lock, request or topic, that the row belongs to; `None` if that is not known.
    pub of: Option<Vec<u8>>,
    /// Whether it is the store's own.
    pub is_internal: bool,
    /// Where it is, if that is known: the log may have begun later.
    pub place: Option<Place>,
    /// Whether it stands for all keys of a database, which were flushed or swapped.
    pub is_all: bool,
}

impl Names {
    /// Nothing learned yet; with the hash key of the data directory.
    pub fn new(hash_key: &[u8; 16]) -> Self {
        Self {
            keys: Keys::new(hash_key),
            layers: HashMap::new(),
            owners: HashMap::new(),
            places: HashMap::new(),
            later_places: HashMap::new(),
            told: HashSet::new(),
            dead: Vec::new(),
            databases: HashMap::new(),
        }
    }

    /// Takes note that the log tells where spaces are, before anything is learned.
    pub fn note_told(&mut self, row: &[u8], value: &[u8]) {
        self.told.extend(read_catalogue(row, value).into_iter().flat_map(|row| row.spaces));
    }

    /// Learns from a row of the tables' catalogue where those spaces are that the log does not tell of.
    pub fn learn_later_place(&mut self, row: &[u8], value: &[u8]) {
        let Some(CatalogueRow { namespace, tenant, spaces }) = read_catalogue(row, value) else {
            return;
        };
        let place = Place { tenant, namespace };
        let untold = spaces.into_iter().filter(|space| !self.told.contains(space));
        self.later_places.extend(untold.map(|space| (space, place)));
    }

    /// Another commit is to be learned, with these rows among others.
    pub fn begin_commit<'a>(&mut self, rows: impl Iterator<Item = &'a [u8]>) {
        self.dead = rows.filter_map(read_owed_space).collect();
    }

    /// Learns from a row of the catalogue where spaces are; false if it is another row.
    fn learn_place(&mut self, row: &[u8], value: &[u8]) -> bool {
        let Some(CatalogueRow { namespace, tenant, spaces }) = read_catalogue(row, value) else {
            return false;
        };
        let before = self.databases.get(&namespace).map(|(spaces, _)| spaces);
        let is_removed = match before {
            Some(before) => before.iter().any(|space| self.dead.contains(space)),
            // What was there before is not known: whoever only swaps leaves nothing dead.
            None => !self.dead.is_empty(),
        };
        self.places.extend(spaces.iter().map(|space| (*space, Place { tenant, namespace })));
        self.databases.insert(namespace, (spaces, is_removed));
        true
    }

    /// What became of all keys of a database with a row of the catalogue that a client's command has put.
    pub fn rearranged(&self, row: &[u8], value: &[u8]) -> Option<(Name, &'static str)> {
        let CatalogueRow { namespace, tenant, .. } = read_catalogue(row, value)?;
        let (text, place) = ("all keys".to_owned(), Some(Place { tenant, namespace }));
        let name = Name { text, of: None, is_internal: false, place, is_all: true };
        let is_removed = self.databases.get(&namespace).is_some_and(|(_, is_removed)| *is_removed);
        Some((name, if is_removed { "removed" } else { "swapped with another database's" }))
    }

    /// Learns from a row that is put.
    pub fn learn(&mut self, row: &[u8], value: &[u8]) {
        if self.learn_place(row, value) {
            return;
        }
        match read_key(row) {
            RowKey::Header { space, id } => {
                let Ok(header) = read_header(value) else { return };
                self.layers.insert(space, layer(header.kind));
                let owner = |are_batches| Owner { kind: header.kind, id: id.to_vec(), are_batches };
                if let Some(generation) = header.generation {
                    self.owners.insert((space, generation), owner(false));
                }
                let head = header.row.filter(|_| header.kind == Type::Partition);
                if let Some(records) = head.and_then(|row| topics::partition::records_of(&row)) {
                    self.owners.insert((space, records), owner(true));
                }
            }
            // The head of a partition that many idempotent producers write to.
            RowKey::Content { space, generation, suffix: b"" } => {
                let owner = self.owners.get(&(space, generation));
                let owner = owner.filter(|owner| owner.kind == Type::Partition);
                let records = topics::partition::records_of(value);
                if let (Some(owner), Some(records)) = (owner, records) {
                    let batches =
                        Owner { kind: owner.kind, id: owner.id.clone(), are_batches: true };
                    self.owners.insert((space, records), batches);
                }
            }
            RowKey::Content { .. } | RowKey::Internal => {}
        }
    }

    /// What a row is called, as far as has been learned.
    pub fn name(&self, row: &[u8]) -> Name {
        let (space, named) = match read_key(row) {
            RowKey::Header { space, id } => (Some(space), self.object(space, id)),
            RowKey::Content { space, generation, suffix } => {
                let owner = self.owners.get(&(space, generation));
                let named = owner.and_then(|owner| {
                    let (text, of) = self.object(space, &owner.id)?;
                    Some((format!("{} of {text}", self.part(owner, suffix)), of))
                });
                (Some(space), named)
            }
            RowKey::Internal => (None, None),
        };
        let place_of = |space| self.places.get(&space).or_else(|| self.later_places.get(&space));
        let place = space.and_then(place_of).copied();
        let (text, of) = match named {
            Some((text, of)) => (text, Some(of)),
            None => (describe_row(row), None),
        };
        Name { text, of, is_internal: space.is_none(), place, is_all: false }
    }

    /// An object, and what clients call it.
    fn object(&self, space: Space, id: &[u8]) -> Option<(String, Vec<u8>)> {
        let named = |what: &str, name: &[u8]| {
            Some((format!("{what} \"{}\"", name.escape_ascii()), name.to_vec()))
        };
        if let Some(key) = self.key(id) {
            return named("key", key);
        }
        let (prefix, name) = id.split_first()?;
        match (self.layers.get(&space)?, prefix) {
            (Layer::Coord, 1) => named("lock", name),
            (Layer::Coord, 2) => named("request", name),
            (Layer::Topics, 0) => Some(("the index of topics".to_owned(), Vec::new())),
            (Layer::Topics, 1) => named("topic", name),
            (Layer::Topics, 2) => {
                let (name, number) = name.split_last_chunk::<4>()?;
                let name = name.strip_suffix(b"\0")?;
                let number = u32::from_be_bytes(*number);
                named(&format!("partition {number} of topic"), name)
            }
            (Layer::Topics, 3) => Some(("the counter of producer ids".to_owned(), Vec::new())),
            _ => None,
        }
    }

    /// The Redis key whose object id it is: one of another kind does not begin with the hash of what follows.
    fn key<'a>(&self, id: &'a [u8]) -> Option<&'a [u8]> {
        let (_, key) = id.split_first_chunk::<{ redis::HASH_BYTES }>()?;
        let mut made = Vec::with_capacity(id.len());
        self.keys.put_id(&mut made, key);
        (made == id).then_some(key)
    }

    fn part(&self, owner: &Owner, suffix: &[u8]) -> String {
        let number = suffix.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        match owner.kind {
            _ if owner.are_batches => format!("batch to offset {number}"),
            Type::String => format!("part {number}"),
            Type::Hash => {
                format!("field \"{}\"", self.key(suffix).unwrap_or(suffix).escape_ascii())
            }
            _ => format!("row \"{}\"", suffix.escape_ascii()),
        }
    }
}

const fn layer(kind: Type) -> Layer {
    match kind {
        Type::String | Type::Hash => Layer::Redis,
        Type::Lock | Type::Idempotency => Layer::Coord,
        Type::TopicIndex | Type::Topic | Type::Partition => Layer::Topics,
    }
}

//! Many commits as one change a row: what the applier puts into the tables, and what a recovery does.
//!
//! Knows nothing of objects, but that a header row carries its commit.
//!
//! Invariant: of a row that many commits change, what is left is what they make of it in their order.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;

use base::Sequence;
use base::codec::Malformed;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use log::record::{Change, Record, Records};
use smallvec::SmallVec;
use tables::Tables;

use crate::error::Error;
use crate::key;

/// What becomes of a row over many commits.
enum Row<'a> {
    Put(Sequence, &'a [u8]),
    Removed,
    /// Grows what the tables hold.
    Grown(i64),
    /// Grows this number.
    Number(i64),
}

/// A row that commits have changed.
struct Folded<'a> {
    hash: u64,
    key: &'a [u8],
    row: Row<'a>,
}

/// A change that is about to be folded.
struct Next<'a> {
    hash: u64,
    sequence: Sequence,
    change: Change<'a>,
}

/// Changes whose rows are looked up together: each lies in memory that is not at hand, and to wait for
/// many at once takes hardly longer than for one.
const TOGETHER: usize = 16;

/// See the module's description.
pub(crate) struct Fold<'a> {
    seed: FixedState,
    rows: HashTable<Folded<'a>>,
    next: SmallVec<[Next<'a>; TOGETHER]>,
}

const DAMAGED: Error = Error::Damaged { what: "a commit in the log" };

impl<'a> Fold<'a> {
    /// Of no commits so far. `seed` keys the hash of rows, so that nobody can aim at one place.
    pub(crate) fn new(seed: u64) -> Self {
        let seed = FixedState::with_seed(seed);
        Self { seed, rows: HashTable::new(), next: SmallVec::new() }
    }

    /// Adds the commits of one group; they follow those added before.
    pub(crate) fn add(&mut self, records: Records<'a>) -> Result<(), Error> {
        for record in records {
            let record = record.map_err(|Malformed { .. }| DAMAGED)?;
            let Record::Commit { sequence, changes, .. } = record else { continue };
            for change in changes {
                let change = change.map_err(|Malformed { .. }| DAMAGED)?;
                let hash = self.hash(key_of(&change));
                self.next.push(Next { hash, sequence, change });
                if self.next.len() == TOGETHER {
                    self.take_in();
                }
            }
        }
        self.take_in();
        Ok(())
    }

    fn hash(&self, key: &[u8]) -> u64 {
        let mut hasher = self.seed.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    /// Folds the changes that wait for it.
    fn take_in(&mut self) {
        let known = |next: &Next<'_>| {
            self.rows.find(next.hash, |folded| folded.hash == next.hash).map(|folded| folded.key)
        };
        let keys: SmallVec<[_; TOGETHER]> = self.next.iter().filter_map(known).collect();
        for key in keys {
            black_box(key.first().copied());
        }
        for next in std::mem::take(&mut self.next) {
            self.fold(&next);
        }
    }

    fn fold(&mut self, Next { hash, sequence, change }: &Next<'a>) {
        let key = key_of(change);
        let same = |folded: &Folded<'_>| folded.hash == *hash && folded.key == key;
        match self.rows.entry(*hash, same, |folded| folded.hash) {
            Entry::Occupied(mut there) => {
                let row = &mut there.get_mut().row;
                *row = row.followed_by(*sequence, change);
            }
            Entry::Vacant(place) => {
                let row = Row::Grown(0).followed_by(*sequence, change);
                place.insert(Folded { hash: *hash, key, row });
            }
        }
    }

    /// Makes it one batch that ends with `through`.
    pub(crate) fn apply(self, tables: &dyn Tables, through: Sequence) -> Result<(), Error> {
        let mut rows: Vec<_> = self.rows.into_iter().collect();
        rows.sort_unstable_by_key(|folded| folded.key);
        let mut changes = Vec::with_capacity(rows.len());
        for Folded { key, row, .. } in rows {
            changes.push(match row {
                Row::Removed => tables::Change::remove(key),
                Row::Put(sequence, value) if key.first() == Some(&key::HEADER) => {
                    tables::Change::put(key, [&sequence.0.to_le_bytes(), value].concat())
                }
                Row::Put(_, value) => tables::Change::put(key, value),
                Row::Number(number) => tables::Change::put(key, &number.to_le_bytes()),
                Row::Grown(delta) => {
                    let row = tables.get(key).map_err(Error::Tables)?;
                    let number = row.map_or(Some(0), |row| parse_number(&row));
                    let number =
                        number.ok_or(Error::Damaged { what: "a row that counts" })? + delta;
                    tables::Change::put(key, &number.to_le_bytes())
                }
            });
        }
        tables.apply(changes, through).map_err(Error::Tables)
    }
}

const fn key_of<'a>(change: &Change<'a>) -> &'a [u8] {
    match change {
        Change::Put { key, .. } | Change::Remove { key } | Change::Add { key, .. } => key,
    }
}

impl<'a> Row<'a> {
    /// What a further change makes of it.
    fn followed_by(&self, sequence: Sequence, change: &Change<'a>) -> Self {
        match (self, change) {
            (_, Change::Put { value, .. }) => Self::Put(sequence, value),
            (_, Change::Remove { .. }) => Self::Removed,
            (Self::Grown(before), Change::Add { delta, .. }) => Self::Grown(before + delta),
            (Self::Number(before), Change::Add { delta, .. }) => Self::Number(before + delta),
            (Self::Put(_, value), Change::Add { delta, .. }) => {
                Self::Number(parse_number(value).unwrap_or(0) + delta)
            }
            (Self::Removed, Change::Add { delta, .. }) => Self::Number(*delta),
        }
    }
}

fn parse_number(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_le_bytes)
}

#[cfg(test)]
mod tests;

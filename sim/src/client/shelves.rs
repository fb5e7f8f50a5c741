//! Objects of all sizes that come, change, expire and go: what the bank and the lists leave out.

use base::StoreTime;
use base::rng::SplitMix64;
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Program};
use crate::notes::{DURABLE, Held, Key, RELAXED, Scribe, refuse};

/// How many objects there are, if all are there.
const SHELVES: u64 = 15;

/// What is done to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Put a new one in its place, with so many rows of so many bytes.
    Stock(u64, usize),
    /// Set a row; make the object if it is not there.
    Put(u64, usize),
    /// Remove a row.
    Remove(u64),
    /// Remove every row.
    Clear,
    /// Remove the object.
    Delete,
    /// Let it end so many milliseconds from now, or never.
    End(Option<u64>),
    /// Look at its header.
    Look,
    /// Read a row.
    Row(u64),
    /// Read all rows from one on.
    Rows(u64),
    /// Give it the name of another, so many further on.
    Rename(u64),
    /// Put a copy of it in the place of another, so many further on.
    Copy(u64),
    /// Remove everything that is in its namespace; only as the first of a transaction's deeds.
    Flush,
    /// Take a savepoint.
    Savepoint,
    /// Go back to it.
    RollBack,
    /// Give up.
    Refuse,
}

/// Something done to some object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Which object.
    pub shelf: Key,
    named: bool,
    what: Do,
    /// Makes what is put different each time.
    salt: u64,
    /// Its number.
    number: u64,
}

fn shelf(number: u64) -> Key {
    let namespace = if number % 3 == 2 { RELAXED } else { DURABLE };
    Key { namespace, layer: Layer::Redis, id: format!("shelf:{number}").into_bytes() }
}

pub(super) fn names(deeds: &[Deed]) -> Vec<Key> {
    deeds.iter().filter(|deed| deed.named).map(|deed| deed.shelf.clone()).collect()
}

pub(super) fn run(deeds: &[Deed], scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
    if flushes(deeds)
        && let Some(first) = deeds.first()
    {
        scribe.flush(first.shelf.namespace)?;
    }
    for deed in deeds.iter().filter(|deed| deed.what != Do::Flush) {
        let held = scribe.open(&deed.shelf)?;
        deed.run(held, scribe)?;
    }
    Ok(Answer::default())
}

/// Whether they begin with a flush, for which the namespace is held alone.
pub(super) fn flushes(deeds: &[Deed]) -> bool {
    deeds.first().is_some_and(|first| first.what == Do::Flush)
}

fn suffix(row: u64) -> Vec<u8> {
    format!("row{row}").into_bytes()
}

impl Deed {
    fn value(&self, row: u64, bytes: usize) -> Vec<u8> {
        let mut value = (self.salt ^ row << 32).to_be_bytes().to_vec();
        value.resize(bytes.max(8), b'.');
        value
    }

    /// Another object of the same namespace, or the same.
    fn other(&self, on: u64) -> Key {
        shelf((self.number + 3 * on) % SHELVES)
    }

    fn run(&self, held: Held, scribe: &mut Scribe<'_, '_, '_>) -> Result<(), Stop> {
        match self.what {
            Do::Stock(rows, bytes) => {
                scribe.create(held, Type::Hash)?;
                for row in 0..rows {
                    scribe.put(held, &suffix(row), &self.value(row, bytes))?;
                }
            }
            Do::Put(row, bytes) => {
                if scribe.header(held).is_none() {
                    scribe.create(held, Type::String)?;
                }
                scribe.put(held, &suffix(row), &self.value(row, bytes))?;
            }
            Do::Remove(row) => drop(scribe.remove(held, &suffix(row))?),
            Do::Clear => {
                for (suffix, _) in scribe.rows(held, &[])? {
                    scribe.remove(held, &suffix)?;
                }
            }
            Do::Delete => drop(scribe.delete(held)?),
            Do::End(within) => {
                let deadline = within.map(|within| StoreTime(scribe.now().0 + within));
                scribe.set_deadline(held, deadline)?;
            }
            Do::Look => drop(scribe.header(held)),
            Do::Row(row) => drop(scribe.row(held, &suffix(row))?),
            Do::Rows(from) => drop(scribe.rows(held, &suffix(from))?),
            Do::Rename(on) => {
                let to = scribe.open(&self.other(on))?;
                scribe.rename(held, to)?;
            }
            Do::Copy(on) => {
                let to = scribe.open(&self.other(on))?;
                scribe.copy(held, to)?;
            }
            Do::Flush => {}
            Do::Savepoint => scribe.savepoint(),
            Do::RollBack => scribe.roll_back(),
            Do::Refuse => return refuse("CHANGED MY MIND"),
        }
        Ok(())
    }
}

/// A client who stocks, changes and clears shelves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keeper {
    /// Now and then, everything is flushed.
    pub flushes: bool,
}

impl Keeper {
    fn draw(rng: &mut SplitMix64) -> Do {
        let bytes = match rng.below(8) {
            0..=3 => 1000 + usize::try_from(rng.below(60)).unwrap_or(0),
            4 => 200,
            _ => 8 + usize::try_from(rng.below(30)).unwrap_or(0),
        };
        let row = rng.below(40);
        match rng.below(27) {
            0 | 1 => Do::Stock(30 + rng.below(6), bytes.min(40)),
            2 => Do::Stock(1 + rng.below(3), bytes),
            3..=8 => Do::Put(row, bytes),
            9..=11 => Do::Remove(row),
            12 => Do::Clear,
            13 | 14 => Do::Delete,
            15 => Do::End(Some(rng.below(400))),
            16 => Do::End(rng.one_in(2).then_some(60_000)),
            17 => Do::Look,
            18 => Do::Row(row),
            19 => Do::Rows(row),
            20 | 21 => Do::Savepoint,
            22 => Do::RollBack,
            23 | 24 => Do::Rename(rng.below(4)),
            25 => Do::Copy(rng.below(4)),
            _ => Do::Refuse,
        }
    }
}

impl Client for Keeper {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let count = 1 + rng.below(6);
        let named = !rng.one_in(3);
        let first = rng.below(SHELVES);
        let mut deeds = Vec::new();
        for _ in 0..count {
            let number = if rng.one_in(3) { rng.below(SHELVES) } else { first };
            let (shelf, what, salt) = (shelf(number), Self::draw(rng), rng.draw());
            deeds.push(Deed { shelf, named, what, salt, number });
        }
        if self.flushes && rng.one_in(40) {
            deeds.iter_mut().for_each(|deed| deed.named = false);
            let (shelf, salt) = (shelf(first), rng.draw());
            deeds.insert(0, Deed { shelf, named: false, what: Do::Flush, salt, number: first });
        }
        Program::Shelves(deeds)
    }

    fn ended(&mut self, _ending: Ending) {}
}

//! Objects of all sizes that come, change, expire and go: what the bank and the lists leave out.

use base::StoreTime;
use base::rng::SplitMix64;
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Errand, Program};
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
    /// Remove everything that is in its namespace.
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
    for deed in deeds {
        if deed.what == Do::Flush {
            scribe.flush(deed.shelf.namespace)?;
            continue;
        }
        let held = scribe.open(&deed.shelf)?;
        deed.run(held, scribe)?;
    }
    Ok(Answer::default())
}

/// Whether they flush, for which the namespace is held alone.
pub(super) fn flushes(deeds: &[Deed]) -> bool {
    deeds.iter().any(|deed| deed.what == Do::Flush)
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

impl Keeper {
    /// At most `most` operations, and those of a flush.
    fn program(self, rng: &mut SplitMix64, most: u64) -> Program {
        let count = 1 + rng.below(most);
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
            let mut add = |at: usize, what: Do| {
                let shelf = shelf(first);
                deeds.insert(at, Deed { shelf, named: false, what, salt: 0, number: first });
            };
            let at = usize::try_from(rng.below(count + 1)).unwrap_or(0);
            if rng.one_in(2) {
                // One that is taken back, with whatever comes between.
                let end = at + usize::try_from(rng.below(count + 1)).unwrap_or(0);
                add(end.min(usize::try_from(count).unwrap_or(0)), Do::RollBack);
                add(at, Do::Flush);
                add(at, Do::Savepoint);
            } else {
                add(at, Do::Flush);
            }
        }
        Program::Shelves(deeds)
    }
}

impl Client for Keeper {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        self.program(rng, 6)
    }

    fn lot(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Vec<Program> {
        let count = super::lot_size(rng);
        let most = if count == 1 { 6 } else { 2 };
        (0..count).map(|_| self.program(rng, most)).collect()
    }

    fn ended(&mut self, _ending: Ending) {}
}

/// A client that looks at a shelf, and sleeps until it changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleeper {
    has_looked: bool,
}

impl Client for Sleeper {
    fn errand(&mut self, _rng: &mut SplitMix64) -> Errand {
        if std::mem::take(&mut self.has_looked) { Errand::Sleep } else { Errand::Watch }
    }

    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        self.has_looked = true;
        let number = rng.below(SHELVES);
        let (shelf, what) = (shelf(number), Do::Look);
        Program::Shelves(vec![Deed { shelf, named: true, what, salt: 0, number }])
    }

    fn ended(&mut self, ending: Ending) {
        self.has_looked &= ending == Ending::Done;
    }
}

/// A client that walks over all that there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walker;

impl Client for Walker {
    fn errand(&mut self, rng: &mut SplitMix64) -> Errand {
        Errand::List(if rng.one_in(2) { DURABLE } else { RELAXED })
    }

    fn next(&mut self, _rng: &mut SplitMix64, _now: StoreTime) -> Program {
        Program::Shelves(Vec::new())
    }

    fn ended(&mut self, _ending: Ending) {}
}

/// The number of the one shelf that is too large to be held in memory as a whole.
const HUGE: u64 = SHELVES;

/// Rows of the huge shelf, if all are there, and what most of them take: together over 1 MiB.
const HUGE_ROWS: u64 = 60;
const HUGE_ROW_BYTES: usize = 60_000;

/// A client that fills one shelf until it is held by row, reads rows and ranges of it, and at times puts another in its
/// place: under the eyes of who loads rows of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hoarder;

impl Client for Hoarder {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let row = rng.below(HUGE_ROWS);
        let what = match rng.below(40) {
            0..=18 => Do::Put(row, HUGE_ROW_BYTES),
            19 | 20 => Do::Put(row, 8),
            21 | 22 => Do::Remove(row),
            23 | 24 => Do::Look,
            25..=29 => Do::Rows(row),
            30 | 31 => Do::Stock(20 + rng.below(10), HUGE_ROW_BYTES),
            32 if rng.one_in(4) => Do::Delete,
            _ => Do::Row(row),
        };
        let (shelf, salt) = (shelf(HUGE), rng.draw());
        Program::Shelves(vec![Deed { shelf, named: true, what, salt, number: HUGE }])
    }

    fn ended(&mut self, _ending: Ending) {}
}

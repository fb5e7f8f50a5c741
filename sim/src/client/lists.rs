//! Lists that transactions append to and read, several at a time.
//!
//! Every appended number is different, so a list read says which transactions it saw, and in which
//! order: what [`crate::check::order`] works on.

use std::cell::Cell;
use std::rc::Rc;

use base::StoreTime;
use base::rng::SplitMix64;
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Program};
use crate::notes::{DURABLE, Key, RELAXED, Scribe};

/// Lists that are in use at a time.
const LISTS: u64 = 6;

/// A list gets so many numbers before it is left for a fresh one, roughly.
const APPENDS: u64 = 60;

/// After so many fresh starts the lists just go on growing.
const EPOCHS: u64 = 8;

/// One operation on one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Which list.
    pub list: Key,
    /// The number to append; none to read the list.
    pub append: Option<u64>,
    /// Whether the list is named beforehand.
    named: bool,
    /// Whether it reads although the list was opened only to append.
    alone: bool,
}

/// All lists that can come to be in a run.
#[must_use]
pub fn all() -> Vec<Key> {
    (0..EPOCHS).flat_map(|epoch| (0..LISTS).map(move |number| list(epoch, number))).collect()
}

fn list(epoch: u64, number: u64) -> Key {
    let namespace = if number % 3 == 2 { RELAXED } else { DURABLE };
    let id = format!("list:{epoch}:{number}").into_bytes();
    Key { namespace, layer: Layer::Redis, id }
}

pub(super) fn names(deeds: &[Deed]) -> Vec<Key> {
    deeds.iter().filter(|deed| deed.named).map(|deed| deed.list.clone()).collect()
}

pub(super) fn says_that_it_writes(deeds: &[Deed]) -> bool {
    deeds.iter().any(|deed| deed.append.is_some()) && !deeds.iter().any(|deed| deed.alone)
}

pub(super) fn run(deeds: &[Deed], scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
    let mut answer = Answer::default();
    for deed in deeds {
        let list = scribe.open(&deed.list)?;
        match deed.append {
            None => {
                let rows = scribe.rows(list, &[])?;
                answer.lists.push(rows.iter().map(|(_, value)| read_number(value)).collect());
            }
            Some(number) => {
                let next = scribe.header(list).map_or(0, |header| header.rows);
                if next == 0 {
                    scribe.create(list, Type::Hash)?;
                }
                scribe.put(list, &next.to_be_bytes(), &number.to_be_bytes())?;
            }
        }
    }
    Ok(answer)
}

/// Reads an appended number; zero, which is never appended, if it is none.
#[must_use]
pub fn read_number(value: &[u8]) -> u64 {
    value.try_into().map_or(0, u64::from_be_bytes)
}

/// A client of the lists.
#[derive(Clone, Debug, Default)]
pub struct Lister {
    appended: Rc<Cell<u64>>,
}

impl Client for Lister {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let epoch = (self.appended.get() / (APPENDS * LISTS)).min(EPOCHS - 1);
        let count = 1 + rng.below(6);
        let alone = rng.one_in(6);
        let undeclared = rng.one_in(2);
        let mut deeds = Vec::new();
        for _ in 0..count {
            let append = rng.one_in(2).then(|| {
                self.appended.set(self.appended.get() + 1);
                self.appended.get()
            });
            let named = !undeclared && !rng.one_in(4);
            deeds.push(Deed { list: list(epoch, rng.below(LISTS)), append, named, alone });
        }
        Program::Lists(deeds)
    }

    fn ended(&mut self, _ending: Ending) {}
}

//! Lists that transactions append to and read, several at a time.
//!
//! Every appended number is different, so a list read says which transactions it saw, and in which
//! order: what [`crate::check::order`] works on. Some lists are feeds: their numbers are records, of
//! which a transaction sees how many there are, and a consumer what they are.

use std::cell::Cell;
use std::rc::Rc;

use base::rng::SplitMix64;
use base::{Generation, StoreTime};
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Errand, Head, Program, Read};
use crate::notes::{DURABLE, Held, Key, RELAXED, Scribe};

/// Lists that are in use at a time.
const LISTS: u64 = 6;

/// The last so many of them are feeds.
const FEEDS: u64 = 2;

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
    /// Whether the reply waits for the sync, also where the list's namespace does not ask for it.
    durable: bool,
}

/// All lists that can come to be in a run.
#[must_use]
pub fn all() -> Vec<Key> {
    (0..EPOCHS).flat_map(|epoch| (0..LISTS).map(move |number| list(epoch, number))).collect()
}

fn list(epoch: u64, number: u64) -> Key {
    let namespace = if number % 3 == 2 { RELAXED } else { DURABLE };
    let id = format!("list:{epoch}:{number}").into_bytes();
    let layer = if number >= LISTS - FEEDS { Layer::Topics } else { Layer::Redis };
    Key { namespace, layer, id }
}

/// Whether the numbers of a list are records.
#[must_use]
pub fn is_feed(list: &Key) -> bool {
    list.layer == Layer::Topics && list.id.starts_with(b"list:")
}

/// The row of a feed that holds the generation of its records.
const RECORDS_ROW: &[u8] = b"records";

/// The row of a feed that holds how many records it has.
const NEXT_ROW: &[u8] = b"next";

/// What the rows of a feed say: the generation of its records, and how many there are.
#[must_use]
pub fn head(rows: &[(Vec<u8>, Vec<u8>)]) -> Option<(Generation, u64)> {
    let row = |suffix: &[u8]| rows.iter().find(|row| row.0 == suffix).map(|row| &*row.1);
    let number = |suffix: &[u8]| row(suffix).map(read_number);
    Some((Generation(number(RECORDS_ROW)?), number(NEXT_ROW)?))
}

fn append_record(scribe: &mut Scribe<'_, '_, '_>, feed: Held, number: u64) -> Result<(), Stop> {
    let (records, next) = if let Some(head) = head(&scribe.rows(feed, &[])?) {
        head
    } else {
        scribe.create(feed, Type::Partition)?;
        let records = scribe.draw_generation()?;
        scribe.put(feed, RECORDS_ROW, &records.0.to_be_bytes())?;
        (records, 0)
    };
    if number.is_multiple_of(5) {
        // One that is taken back.
        scribe.savepoint();
        scribe.append_record(feed, records, &next.to_be_bytes(), &0u64.to_be_bytes())?;
        scribe.put(feed, NEXT_ROW, &(next + 1).to_be_bytes())?;
        scribe.roll_back();
    }
    scribe.append_record(feed, records, &next.to_be_bytes(), &number.to_be_bytes())?;
    scribe.put(feed, NEXT_ROW, &(next + 1).to_be_bytes())
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
        if deed.durable {
            scribe.require_durable();
        }
        match deed.append {
            None if is_feed(&deed.list) => {
                let rows = scribe.rows(list, &[])?;
                let after = scribe.header(list).map_or(base::Sequence::ZERO, |it| it.last_commit);
                answer.head = head(&rows).map(|(records, next)| Head { records, next, after });
                let count = head(&rows).map_or(0, |(_, next)| next);
                answer.lists.push(Read::Count(count));
            }
            None => {
                let rows = scribe.rows(list, &[])?;
                let numbers = rows.iter().map(|(_, value)| read_number(value)).collect();
                answer.lists.push(Read::Numbers(numbers));
            }
            Some(number) if is_feed(&deed.list) => append_record(scribe, list, number)?,
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
        self.program(rng, 6, None)
    }

    fn lot(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Vec<Program> {
        let count = super::lot_size(rng);
        if count == 1 {
            return vec![self.program(rng, 6, None)];
        }
        // Also some that are about one namespace, whose replies wait for what that asks for.
        let only = rng.one_in(2).then(|| rng.below(3));
        (0..count).map(|_| self.program(rng, 2, only)).collect()
    }

    fn ended(&mut self, _ending: Ending) {}
}

impl Lister {
    /// At most `most` operations, on any lists or on every third from `only` on.
    fn program(&self, rng: &mut SplitMix64, most: u64, only: Option<u64>) -> Program {
        let epoch = self.epoch();
        let count = 1 + rng.below(most);
        let alone = rng.one_in(6);
        let undeclared = rng.one_in(2);
        let mut deeds = Vec::new();
        for _ in 0..count {
            let append = rng.one_in(2).then(|| {
                self.appended.set(self.appended.get() + 1);
                self.appended.get()
            });
            let named = !undeclared && !rng.one_in(4);
            let number = match only {
                None => rng.below(LISTS),
                Some(first) => first + 3 * rng.below(LISTS / 3),
            };
            let (list, durable) = (list(epoch, number), rng.one_in(8));
            deeds.push(Deed { list, append, named, alone, durable });
        }
        Program::Lists(deeds)
    }

    fn epoch(&self) -> u64 {
        (self.appended.get() / (APPENDS * LISTS)).min(EPOCHS - 1)
    }

    /// To read one list, or to read a feed.
    fn look(&self, number: u64) -> Deed {
        let list = list(self.epoch(), number);
        Deed { list, append: None, named: true, alone: false, durable: false }
    }

    /// To append to a list.
    fn append_to(&self, list: Key) -> Deed {
        self.appended.set(self.appended.get() + 1);
        let append = Some(self.appended.get());
        Deed { list, append, named: true, alone: false, durable: false }
    }
}

/// A client that appends to a list only if it is as it was when it read it.
#[derive(Debug)]
pub struct Guardian {
    lister: Lister,
    watched: Option<Key>,
}

impl Guardian {
    /// One that has read nothing yet.
    #[must_use]
    pub fn new(lister: &Lister) -> Self {
        Self { lister: lister.clone(), watched: None }
    }
}

impl Client for Guardian {
    fn errand(&mut self, _rng: &mut SplitMix64) -> Errand {
        if self.watched.is_some() { Errand::Exec } else { Errand::Watch }
    }

    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let deed = if let Some(watched) = self.watched.take() {
            self.lister.append_to(watched)
        } else {
            let look = self.lister.look(rng.below(LISTS));
            self.watched = Some(look.list.clone());
            look
        };
        Program::Lists(vec![deed])
    }

    fn ended(&mut self, ending: Ending) {
        if ending != Ending::Done {
            self.watched = None;
        }
    }
}

/// A client that reads a list, and sleeps until it changes; or reads what a feed holds.
#[derive(Debug)]
pub struct Follower {
    lister: Lister,
    feeds: bool,
    has_read: bool,
}

impl Follower {
    /// One that has read nothing yet; of feeds, or of lists.
    #[must_use]
    pub fn new(lister: &Lister, feeds: bool) -> Self {
        Self { lister: lister.clone(), feeds, has_read: false }
    }
}

impl Client for Follower {
    fn errand(&mut self, _rng: &mut SplitMix64) -> Errand {
        match (std::mem::take(&mut self.has_read), self.feeds) {
            (false, _) => Errand::Watch,
            (true, false) => Errand::Sleep,
            (true, true) => Errand::Fetch,
        }
    }

    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        self.has_read = true;
        let first = if self.feeds { LISTS - FEEDS } else { 0 };
        Program::Lists(vec![self.lister.look(first + rng.below(LISTS - first))])
    }

    fn ended(&mut self, ending: Ending) {
        self.has_read &= ending == Ending::Done;
    }
}

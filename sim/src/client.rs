//! Clients: what they ask for next, and what they make of the answers.

use std::fmt;

use base::rng::SplitMix64;
use base::{Generation, Sequence, StoreTime};
use kv::Stop;

use crate::notes::{DURABLE, Key, RELAXED, Scribe};

pub mod bank;
pub mod lists;
pub mod locks;
pub mod shelves;

/// A transaction to be: the same each time that it is run, but for what it reads.
#[derive(Clone, Debug)]
pub enum Program {
    /// Of the bank.
    Bank(bank::Business),
    /// On lists.
    Lists(Vec<lists::Deed>),
    /// On objects of all sizes.
    Shelves(Vec<shelves::Deed>),
    /// On locks.
    Locks(locks::Errand),
}

/// What a transaction that was done answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What was read of lists, in order.
    pub lists: Vec<Read>,
    /// Where the feed that was read last has its records.
    pub head: Option<Head>,
    /// The number of the event that was appended.
    pub event: Option<u64>,
    /// What was answered of a lock.
    pub lock: Option<locks::Answered>,
}

/// What a transaction sees of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Its numbers.
    Numbers(Vec<u64>),
    /// How many it has.
    Count(u64),
}

/// Where a feed has its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Their generation.
    pub records: Generation,
    /// How many there are.
    pub next: u64,
    /// The commit that appended the last.
    pub after: Sequence,
}

/// What a client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A transaction.
    Transact,
    /// A transaction, and whatever it names is watched from before it runs.
    Watch,
    /// A transaction that is refused if what is watched has changed.
    Exec,
    /// Nothing, until what is watched changes.
    Sleep,
    /// Read the records of the feed that was read last, as soon as they may be shown.
    Fetch,
    /// Walk over all Redis objects of a namespace, and count them.
    List(u32),
}

impl Program {
    /// The objects that it names beforehand; it may use others.
    #[must_use]
    pub fn names(&self) -> Vec<Key> {
        match self {
            Self::Bank(business) => business.names(),
            Self::Lists(deeds) => lists::names(deeds),
            Self::Shelves(deeds) => shelves::names(deeds),
            Self::Locks(errand) => errand.names(),
        }
    }

    /// The namespaces that it touches: the durable one, the relaxed one.
    #[must_use]
    pub fn touches(&self) -> [bool; 2] {
        let of = |number: u32| match self {
            Self::Bank(_) | Self::Locks(_) => number == DURABLE,
            Self::Lists(deeds) => deeds.iter().any(|deed| deed.list.namespace == number),
            Self::Shelves(deeds) => deeds.iter().any(|deed| deed.shelf.namespace == number),
        };
        [of(DURABLE), of(RELAXED)]
    }

    /// Whether it says beforehand that it may write.
    #[must_use]
    pub fn says_that_it_writes(&self) -> bool {
        match self {
            Self::Bank(_) | Self::Locks(_) => true,
            Self::Lists(deeds) => lists::says_that_it_writes(deeds),
            Self::Shelves(deeds) => deeds.len() % 3 != 0,
        }
    }

    /// Whether it has to hold its namespaces alone.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        matches!(self, Self::Shelves(deeds) if shelves::flushes(deeds))
    }

    /// Does it.
    pub fn run(&self, scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
        match self {
            Self::Bank(business) => business.run(scribe),
            Self::Lists(deeds) => lists::run(deeds, scribe),
            Self::Shelves(deeds) => shelves::run(deeds, scribe),
            Self::Locks(errand) => errand.run(scribe),
        }
    }
}

/// How a transaction ended, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was acknowledged.
    Done,
    /// It was refused, with this code.
    Refused(&'static str),
    /// The store went away before it answered.
    Unknown,
}

/// Somebody who asks for one transaction after the other.
pub trait Client: fmt::Debug {
    /// What it does next.
    fn errand(&mut self, _rng: &mut SplitMix64) -> Errand {
        Errand::Transact
    }

    /// The next transaction.
    fn next(&mut self, rng: &mut SplitMix64, now: StoreTime) -> Program;

    /// The next transactions, which it sends at once: mostly one.
    fn lot(&mut self, rng: &mut SplitMix64, now: StoreTime) -> Vec<Program> {
        vec![self.next(rng, now)]
    }

    /// How the oldest of those that it has not heard of ended.
    fn ended(&mut self, ending: Ending);
}

/// How many transactions a client sends at once.
fn lot_size(rng: &mut SplitMix64) -> u64 {
    if rng.one_in(6) { 2 + rng.below(15) } else { 1 }
}

//! Locks: the product's own, taken, prolonged, given back, and used by holders who were paused meanwhile.
//!
//! A till is used under its lock: whoever uses it leaves the token there, so that a holder who comes too
//! late is seen.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Sequence, StoreTime};
use coord::lock::{self, Acquired};
use kv::{Layer, Stop, Type};

use super::{Answer, Client, Ending, Program, bank};
use crate::notes::{Care, Held, Key, Scribe};

/// How many locks there are.
const LOCKS: u64 = 4;

/// For how long a lock is taken, in milliseconds, at least and at most.
const TTL_MS: (u64, u64) = (20, 3000);

/// The row of a till that holds the token it was used with last.
const TOKEN_ROW: &[u8] = b"token";

/// What a holder asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Take the lock for so many milliseconds, under this name.
    Acquire(u64, String),
    /// Let its time begin anew: so many milliseconds.
    Renew(Sequence, u64),
    /// Give it back.
    Release(Sequence),
    /// Use the till.
    Spend(Sequence),
}

/// Something asked of some lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Which lock.
    pub lock: u64,
    /// What.
    pub what: Do,
    /// When it was asked, as time really passes: it happens between then and its answer.
    pub asked: Duration,
    /// Whether it names beforehand what it uses.
    named: bool,
}

/// What it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// What became of taking the lock.
    Acquired(Acquired),
    /// Whether it was held, and its time begins anew.
    Renewed(bool),
    /// Whether it was held, and is given back.
    Released(bool),
    /// The till was used; the token before.
    Spent(Option<u64>),
}

fn name(lock: u64) -> Vec<u8> {
    format!("till:{lock}").into_bytes()
}

/// The object of a lock: `docs/format.md` has a 1 before its name.
fn object(lock: u64) -> Key {
    Key { id: [&[1], &*name(lock)].concat(), ..Key::durable(Layer::Coord, "") }
}

fn till(lock: u64) -> Key {
    Key::durable(Layer::Redis, format_args!("till:{lock}"))
}

impl Errand {
    /// How it names whoever asks; nothing where it does not matter.
    #[must_use]
    pub fn owner(&self) -> &str {
        if let Do::Acquire(_, owner) = &self.what { owner } else { "" }
    }

    pub(super) fn names(&self) -> Vec<Key> {
        let mut names = vec![object(self.lock)];
        names.extend(matches!(self.what, Do::Spend(_)).then(|| till(self.lock)));
        names.retain(|_| self.named);
        names
    }

    pub(super) fn run(&self, scribe: &mut Scribe<'_, '_, '_>) -> Result<Answer, Stop> {
        let (held, name) = (scribe.open(&object(self.lock))?, name(self.lock));
        scribe.require_durable();
        let answered = match &self.what {
            Do::Acquire(..) if scribe.care() == Care::OwnerIgnored => {
                Answered::Acquired(self.acquire_as_anybody(held, scribe)?)
            }
            Do::Acquire(ttl_ms, owner) => {
                Answered::Acquired(scribe.have_done(held, |txn, place| {
                    lock::acquire(txn, place, &name, *ttl_ms, owner.as_bytes())
                })?)
            }
            Do::Renew(..) if scribe.care() == Care::ForgetsToRenew => Answered::Renewed(true),
            Do::Renew(token, ttl_ms) => {
                Answered::Renewed(scribe.have_done(held, |txn, place| {
                    lock::renew(txn, place, &name, *token, *ttl_ms)
                })?)
            }
            Do::Release(_) if scribe.care() == Care::ForgetsToRelease => Answered::Released(true),
            Do::Release(token) => Answered::Released(
                scribe.have_done(held, |txn, place| lock::release(txn, place, &name, *token))?,
            ),
            Do::Spend(token) => {
                // First, so that a refusal has something to undo.
                let before = self.spend(*token, scribe)?;
                if scribe.care() != Care::Unguarded {
                    scribe.have_done(held, |txn, place| lock::check(txn, place, &name, *token))?;
                }
                Answered::Spent(before)
            }
        };
        Ok(Answer { lock: Some(answered), ..Answer::default() })
    }

    /// As if whoever asks were the holder.
    fn acquire_as_anybody(
        &self,
        held: Held,
        scribe: &mut Scribe<'_, '_, '_>,
    ) -> Result<Acquired, Stop> {
        let Do::Acquire(ttl_ms, owner) = &self.what else { return Ok(Acquired::Not) };
        let name = name(self.lock);
        scribe.have_done(held, |txn, place| {
            let found = lock::info(txn, place, &name)?;
            let owner = found.map_or(owner.as_bytes().to_vec(), |held| held.owner);
            lock::acquire(txn, place, &name, *ttl_ms, &owner)
        })
    }

    fn spend(&self, token: Sequence, scribe: &mut Scribe<'_, '_, '_>) -> Result<Option<u64>, Stop> {
        let till = scribe.open(&till(self.lock))?;
        if scribe.header(till).is_none() {
            scribe.create(till, Type::Hash)?;
        }
        let before = bank::number(scribe.row(till, TOKEN_ROW)?.as_deref());
        scribe.put(till, TOKEN_ROW, &token.0.to_be_bytes())?;
        Ok(before)
    }
}

/// The tokens that locks were taken with, as everybody knows them.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Rc<RefCell<BTreeMap<u64, Vec<Sequence>>>>);

impl Tokens {
    /// A lock was taken.
    pub fn learn(&self, lock: u64, token: Sequence) {
        self.0.borrow_mut().entry(lock).or_default().push(token);
    }

    /// The latest token of a lock; now and then an earlier one, as a holder has who was paused.
    fn draw(&self, lock: u64, rng: &mut SplitMix64) -> Option<Sequence> {
        let known = self.0.borrow();
        let known = known.get(&lock)?;
        let back = if rng.one_in(4) { usize::try_from(rng.below(4)).unwrap_or(0) } else { 0 };
        known.iter().rev().nth(back).copied()
    }
}

/// Somebody who works under locks.
#[derive(Debug)]
pub struct Holder {
    name: String,
    tokens: Tokens,
}

impl Holder {
    /// A holder who calls itself by this number.
    #[must_use]
    pub fn new(number: u32, tokens: &Tokens) -> Self {
        Self { name: format!("holder {number}"), tokens: tokens.clone() }
    }
}

impl Client for Holder {
    fn next(&mut self, rng: &mut SplitMix64, _now: StoreTime) -> Program {
        let lock = rng.below(LOCKS);
        let ttl_ms = TTL_MS.0 + rng.below(TTL_MS.1 - TTL_MS.0);
        // Who does not say who it is cannot ask again.
        let name = if rng.one_in(4) { String::new() } else { self.name.clone() };
        let what = match (rng.below(8), self.tokens.draw(lock, rng)) {
            (0..=2, Some(token)) => Do::Spend(token),
            (3 | 4, Some(token)) => Do::Renew(token, ttl_ms),
            (5, Some(token)) if rng.one_in(3) => Do::Release(token),
            _ => Do::Acquire(ttl_ms, name),
        };
        Program::Locks(Errand { lock, what, asked: Duration::ZERO, named: !rng.one_in(4) })
    }

    fn ended(&mut self, _ending: Ending) {}
}

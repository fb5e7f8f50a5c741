//! Transactions one after the other under the same locks: what a connection has sent at once, each a
//! commit of its own.
//!
//! It saves what each would otherwise pay for itself: the gate, the clock, room in the log; and it looks all
//! objects up together, so that the processor waits for memory once and not once for each.
//!
//! Invariants:
//! 1. Each transaction is committed, or taken back, before the next one begins.
//! 2. A series is a favour, not a promise: it ends before the first transaction that cannot go on at once,
//!    and that one is then run by itself.

use std::hint::black_box;

use smallvec::SmallVec;

use crate::error::Stop;
use crate::plan::{Attempt, Plan, Receipt};
use crate::store::{Store, open_all, step};
use crate::txn::Txn;

/// How many transactions a series is meant for: more would hold locks for long, and gain little.
pub const SERIES_MAX: usize = 16;

impl Store {
    /// Runs transactions, of which the plan names all objects, until the closure has been given every
    /// number below `count` or one of them cannot go on; hands `done` the receipt of each that happened. How
    /// many did.
    /// On [`Attempt::Again`] none did: [`Store::load`] what is wanted, if anything, and call this again, or
    /// run the first by itself.
    pub fn attempt_series(
        &self,
        plan: &mut Plan,
        count: usize,
        mut closure: impl FnMut(&mut Txn<'_>, usize) -> Result<(), Stop>,
        mut done: impl FnMut(Receipt),
    ) -> Attempt<usize> {
        self.round(plan, |mut txn| {
            for at in 0..count {
                let outcome = step(&mut txn, |txn| {
                    if at == 0 {
                        txn.look_up();
                        open_all(txn)?;
                    }
                    closure(txn, at)
                });
                match outcome {
                    Ok(((), receipt)) => done(receipt),
                    Err(stop) if at == 0 => return txn.end_with(stop),
                    Err(_) => return Attempt::Done(at, Receipt::NOTHING),
                }
                txn.begin_next();
            }
            Attempt::Done(count, Receipt::NOTHING)
        })
    }
}

impl Txn<'_> {
    /// Reads a little of each object that the plan names. Where an object lies is found by way of four lines
    /// of memory, each of which tells where the next one is: of many objects the processor waits for a
    /// line of all of them at once, as none of these reads hangs on one of another object.
    fn look_up(&self) {
        let mut found: SmallVec<[_; SERIES_MAX]> = SmallVec::new();
        for named in &self.work.named {
            let stripe = self.guards[usize::from(named.guard)].1.stripe();
            found.extend(stripe.guess(named.hash).map(|slot| (stripe, slot)));
        }
        let entries = || found.iter().filter_map(|(stripe, slot)| stripe.get(*slot));
        for entry in entries() {
            black_box(entry.is_stored());
        }
        for entry in entries() {
            black_box(entry.id().first().copied());
        }
    }
}

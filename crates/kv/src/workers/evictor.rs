//! Lets objects leave memory when there are more than the budget allows.
//!
//! A hand goes round the stripes; what was used since it last passed gets a second chance. What is not
//! yet in the tables stays: an object that left memory is found there again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Event, Monotonic, Sequence, Space};

use crate::load::ABANDONED;
use crate::object::{Entry, State};
use crate::shard::Shard;
use crate::signal::Signal;
use crate::stripe::{STRIPES, StripeId};
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// How often it looks again while memory is over its budget and nothing may go.
const INTERVAL: Duration = Duration::from_millis(10);

/// And while it is not, though it is told when that changes.
const IDLE: Duration = Duration::from_millis(50);

/// Entries that are looked at under one lock.
const SLICE: u32 = 64;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Evictor {
    shard: Arc<Shard>,
    stripe: StripeId,
    /// Entries passed since one was let go.
    fruitless: usize,
    /// Spaces whose entries are being dropped, stripes passed for it, and whether anything had to stay.
    dead: Vec<Space>,
    passed: usize,
    leftover: bool,
}

/// How far the tables have come, as far as eviction is concerned.
#[derive(Clone, Copy)]
struct Settled {
    applied: Sequence,
    /// Applied and durable: an absence that nothing has to wait for any more.
    both: Sequence,
}

impl Evictor {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, stripe: 0, fruitless: 0, dead: Vec::new(), passed: 0, leftover: false }
    }

    /// Passes over one stripe and drops what belongs to spaces that were flushed. Nothing can reach it;
    /// what is pinned or being loaded goes with a later round.
    fn pass_dead(&mut self, dead: &[Space]) {
        let shard = &*self.shard;
        let mut stripe = shard.stripes.lock(self.stripe).write();
        for slot in 0..stripe.slots() {
            let Some(entry) = stripe.get(slot).filter(|entry| dead.contains(&entry.space)) else {
                continue;
            };
            let hash = shard.stripes.hash(entry.space, entry.id());
            if entry.pins > 0 || matches!(entry.state, State::Loading(_)) {
                self.leftover = true;
            } else if let Some(entry) = stripe.remove(hash, slot) {
                shard.charge(-entry.charge().cast_signed());
            }
        }
        self.stripe = (self.stripe + 1) % STRIPES;
        self.passed += 1;
        if self.passed >= usize::from(STRIPES) {
            if !self.leftover {
                shard.dead_spaces.lock().retain(|space| !dead.contains(space));
            }
            (self.passed, self.leftover) = (0, false);
            self.dead.clear();
        }
    }

    /// Passes over a slice of one stripe.
    fn pass(&mut self) {
        let shard = &*self.shard;
        let applied = shard.watermarks.at(Level::Applied);
        let settled = Settled { applied, both: applied.min(shard.watermarks.at(Level::Durable)) };
        let mut stripe = shard.stripes.lock(self.stripe).write();
        let start = stripe.hand;
        let end = start.saturating_add(SLICE).min(stripe.slots());
        for slot in start..end {
            self.fruitless += 1;
            let evict = stripe
                .get_mut(slot)
                .is_some_and(|entry| may_go(entry, settled) && !entry.take_used());
            if !evict {
                continue;
            }
            let Some((space, hash)) = stripe
                .get(slot)
                .map(|entry| (entry.space, shard.stripes.hash(entry.space, entry.id())))
            else {
                continue;
            };
            // Before it goes, and while its stripe is held: from here on, absent in memory means nothing.
            if let Some(complete) = shard.complete.read().get(&space) {
                complete.store(false, Ordering::Release);
            }
            if let Some(entry) = stripe.remove(hash, slot) {
                shard.charge(-entry.charge().cast_signed());
                shard.figures.evicted.add(1);
                shard.observer.event(&Event::Evicted);
                self.fruitless = 0;
            }
        }
        let is_round = end >= stripe.slots();
        stripe.hand = if is_round { 0 } else { end };
        if is_round {
            self.stripe = (self.stripe + 1) % STRIPES;
            self.fruitless += 1;
        }
    }
}

fn may_go(entry: &Entry, settled: Settled) -> bool {
    let is_settled = match entry.state {
        State::Loading(ticket) => ticket == ABANDONED,
        State::Absent => entry.last_commit <= settled.both,
        State::Packed | State::Split(_) => entry.last_commit <= settled.applied,
    };
    is_settled && entry.pins == 0
}

impl Worker for Evictor {
    fn name(&self) -> &'static str {
        "evictor"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        if self.dead.is_empty() {
            self.dead.clone_from(&self.shard.dead_spaces.lock());
        }
        if !self.dead.is_empty() {
            let dead = std::mem::take(&mut self.dead);
            self.dead.clone_from(&dead);
            self.pass_dead(&dead);
            return if self.dead.is_empty() { Next::At(now + INTERVAL) } else { Next::Again };
        }
        // Twice round without finding anything: all of it is in use or on its way to the tables.
        let enough = 2 * usize::from(STRIPES) * (1 + SLICE as usize);
        let over = self.shard.resident() > self.shard.settings.objects_bytes;
        if over && self.fruitless > enough {
            // What is not yet in the tables holds its place.
            let marks = &self.shard.watermarks;
            marks.demand(Level::Applied, marks.queued());
        }
        if !over || self.fruitless > enough {
            self.fruitless = 0;
            return Next::At(now + if over { INTERVAL } else { IDLE });
        }
        self.pass();
        Next::Again
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.eviction))
    }

    fn is_vital(&self) -> bool {
        false
    }
}

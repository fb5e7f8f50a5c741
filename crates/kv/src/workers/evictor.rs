//! Lets objects leave memory when there are more than the budget allows.
//!
//! A hand goes round the stripes; what was used since it last passed gets a second chance. What is not
//! yet in the tables stays: an object that left memory is found there again.

use std::collections::BTreeSet;
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
    dead: BTreeSet<Space>,
    passed: StripeId,
    leftover: bool,
    /// What was left is looked at again from then on.
    dead_from: Monotonic,
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
        Self {
            shard,
            stripe: 0,
            fruitless: 0,
            dead: BTreeSet::new(),
            passed: 0,
            leftover: false,
            dead_from: Monotonic::ZERO,
        }
    }

    /// Passes over one stripe and drops what belongs to spaces that were flushed. Nothing can reach it;
    /// what is pinned or being loaded goes with a later round.
    fn pass_dead(&mut self) {
        let shard = &*self.shard;
        let mut stripe = shard.stripes.lock(self.passed).write();
        for slot in 0..stripe.slots() {
            let Some(entry) = stripe.get(slot).filter(|entry| self.dead.contains(&entry.space))
            else {
                continue;
            };
            let hash = shard.stripes.hash(entry.space, entry.id());
            let is_loading = matches!(entry.state, State::Loading(ticket) if ticket != ABANDONED);
            if entry.pins > 0 || is_loading {
                self.leftover = true;
            } else if let Some(entry) = stripe.remove(hash, slot) {
                shard.charge(-entry.charge().cast_signed());
            }
        }
        self.passed += 1;
        if self.passed >= STRIPES {
            let mut dead = std::mem::take(&mut self.dead);
            if self.leftover {
                shard.dead_spaces.lock().append(&mut dead);
            }
            (self.passed, self.leftover) = (0, false);
        }
    }

    /// Goes on with what was flushed; whether there is more to do at once.
    fn drop_dead(&mut self, now: Monotonic) -> bool {
        if self.dead.is_empty() && now >= self.dead_from {
            self.dead = std::mem::take(&mut *self.shard.dead_spaces.lock());
        }
        if self.dead.is_empty() {
            return false;
        }
        self.pass_dead();
        self.dead_from = now + INTERVAL;
        !self.dead.is_empty()
    }

    /// Passes over a slice, if objects take more than they may.
    fn evict(&mut self, now: Monotonic) -> Next {
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
            let Some(entry) = stripe.get_mut(slot).filter(|entry| may_go(entry)) else { continue };
            if !is_settled(entry, settled) {
                if entry.last_commit > settled.applied {
                    shard.observer.event(&Event::EvictionHeldBack);
                }
                continue;
            }
            if entry.take_used() {
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

/// Whether nobody uses it or waits for it.
fn may_go(entry: &Entry) -> bool {
    entry.pins == 0 && !matches!(entry.state, State::Loading(ticket) if ticket != ABANDONED)
}

/// Whether the tables answer for it as memory does.
fn is_settled(entry: &Entry, settled: Settled) -> bool {
    match entry.state {
        State::Loading(_) => true,
        State::Absent => entry.last_commit <= settled.both,
        State::Packed | State::Split(_) => entry.last_commit <= settled.applied,
    }
}

impl Worker for Evictor {
    fn name(&self) -> &'static str {
        "evictor"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        // Both, so that memory keeps to its budget while spaces are flushed over and over.
        let has_dead = self.drop_dead(now);
        let evicted = self.evict(now);
        if has_dead { Next::Again } else { evicted }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        Some(Arc::clone(&self.shard.eviction))
    }

    fn is_vital(&self) -> bool {
        false
    }
}

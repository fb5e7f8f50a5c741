//! What the transactions and workers of one shard share.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use base::{Clock, Event, Generation, Namespace, Observer, Sequence, Space, StoreTime};
use log::{Group, Log};
use parking_lot::{Mutex, RwLock};
use tables::Tables;

use crate::clock::{Reading, StoreClock};
use crate::figures::Figures;
use crate::interest::Interest;
use crate::load::Loads;
use crate::namespace::{Handle, LAYERS, Layer};
use crate::object::{Entry, State};
use crate::queue::Queue;
use crate::settings::Settings;
use crate::signal::Signal;
use crate::stripe::{Hash, Slot, Stripes};
use crate::survey::Journals;
use crate::unsynced::Unsynced;
use crate::watermark::{Level, Watermarks};

/// An absent object whose entry is kept until its absence is in the tables and durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tombstone {
    pub(crate) sequence: Sequence,
    pub(crate) hash: Hash,
    pub(crate) slot: Slot,
}

/// Groups that are written and not yet applied.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pub(crate) groups: Mutex<VecDeque<Group>>,
    pub(crate) bytes: AtomicUsize,
}

impl Backlog {
    /// Whether more than half of `most` bytes are in it: what is not urgent waits.
    pub(crate) fn is_half_full(&self, most: usize) -> bool {
        self.bytes.load(Ordering::Relaxed) > most / 2
    }
}

/// The shared part of a store. One log, one set of trees, one sequence.
pub(crate) struct Shard {
    pub(crate) settings: Settings,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) machine: Arc<dyn Clock>,
    pub(crate) clock: StoreClock,
    pub(crate) stripes: Stripes,
    pub(crate) queue: Queue,
    /// Held by whoever hands groups to the log, so that they come in the order of the queue.
    pub(crate) writing: Mutex<()>,
    pub(crate) watermarks: Watermarks,
    pub(crate) backlog: Backlog,
    pub(crate) unsynced: Unsynced,
    /// Bytes of the log that are set aside for transactions that run.
    pub(crate) reserved: AtomicU64,
    /// Raised when the log needs space at once.
    pub(crate) upkeep: Arc<Signal>,
    /// Raised when objects come to take more memory than they may.
    pub(crate) eviction: Arc<Signal>,
    /// Raised when there is something to flush.
    pub(crate) flushing: Arc<Signal>,
    /// The last commit that somebody wants in tables on disk.
    pub(crate) wanted_on_disk: AtomicU64,
    pub(crate) loads: Loads,
    pub(crate) interest: Interest,
    pub(crate) journals: Arc<Journals>,
    pub(crate) figures: Figures,
    pub(crate) namespaces: RwLock<HashMap<Namespace, Handle>>,
    /// Whether what a space does not have in memory is absent, for the evictor.
    pub(crate) complete: RwLock<HashMap<Space, Arc<AtomicBool>>>,
    /// Spaces that were flushed and may still have entries.
    pub(crate) dead_spaces: Mutex<BTreeSet<Space>>,
    generations: AtomicU64,
    tombstones: Mutex<VecDeque<Tombstone>>,
    /// Bytes of memory that objects are taken to cost.
    resident: AtomicUsize,
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard").field("watermarks", &self.watermarks).finish_non_exhaustive()
    }
}

/// What a shard is made of, from outside.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) machine: Arc<dyn Clock>,
}

impl Shard {
    /// A shard whose next commit is `next`, and everything below it applied.
    pub(crate) fn new(
        parts: Parts,
        next: Sequence,
        generations: Generation,
        least: StoreTime,
    ) -> Self {
        let Parts { settings, log, tables, observer, machine } = parts;
        let clock = StoreClock::new(Reading::of(&*machine), least);
        Self {
            settings,
            log,
            tables,
            observer,
            machine,
            clock,
            stripes: Stripes::new(settings.hash_seed),
            queue: Queue::new(next),
            writing: Mutex::default(),
            watermarks: Watermarks::new(Sequence(next.0 - 1)),
            backlog: Backlog::default(),
            unsynced: Unsynced::default(),
            reserved: AtomicU64::new(0),
            upkeep: Arc::default(),
            eviction: Arc::default(),
            flushing: Arc::default(),
            wanted_on_disk: AtomicU64::new(0),
            loads: Loads::default(),
            interest: Interest::default(),
            journals: Arc::default(),
            figures: Figures::default(),
            namespaces: RwLock::default(),
            complete: RwLock::default(),
            dead_spaces: Mutex::default(),
            generations: AtomicU64::new(generations.0.max(1)),
            tombstones: Mutex::default(),
            resident: AtomicUsize::new(0),
        }
    }

    /// Takes a generation, or the number of a space, that was never given out before.
    pub(crate) fn next_generation(&self) -> Generation {
        Generation(self.generations.fetch_add(1, Ordering::Relaxed))
    }

    /// No generation at or above this has been given out.
    pub(crate) fn generation_ceiling(&self) -> Generation {
        Generation(self.generations.load(Ordering::Relaxed))
    }

    pub(crate) fn now(&self) -> StoreTime {
        self.clock.at(self.machine.monotonic())
    }

    /// The namespace that a space is part of, and as which layer's; `None` if it was flushed.
    pub(crate) fn home(&self, space: Space) -> Option<(Handle, Layer)> {
        loop {
            let mut handles: Vec<Handle> = self.namespaces.read().values().cloned().collect();
            // All at once, in the order in which transactions take them: a swap between two looks could move it from
            // one that is yet to be looked at to one that was.
            handles.sort_unstable_by_key(Handle::namespace);
            let gates: Vec<_> = handles.iter().map(|handle| handle.0.entry.read()).collect();
            let home = gates.iter().zip(&handles).find_map(|(entry, handle)| {
                let layer = LAYERS.into_iter().find(|layer| entry.part(*layer).space == space)?;
                Some((handle.clone(), layer))
            });
            // While the gates were waited for, a namespace may have been made and swapped with one of these.
            if home.is_some() || self.namespaces.read().len() == handles.len() {
                return home;
            }
        }
    }

    /// Makes durable what is written, and notes how long that took; how far it came.
    pub(crate) fn sync_log(&self) -> Result<Sequence, log::Error> {
        let began = self.machine.monotonic();
        let durable = self.log.sync()?;
        self.figures.syncs.add(self.machine.monotonic().saturating_sub(began));
        Ok(durable)
    }

    pub(crate) fn resident(&self) -> usize {
        self.resident.load(Ordering::Relaxed)
    }

    /// Objects in memory have grown by so many bytes.
    pub(crate) fn charge(&self, grown: isize) {
        // Wrapping, as signed numbers in an unsigned cell: the sum of all is never negative.
        let before = self.resident.fetch_add(grown.cast_unsigned(), Ordering::Relaxed);
        let most = self.settings.objects_bytes;
        if before <= most && before.wrapping_add_signed(grown) > most {
            self.eviction.raise();
        }
    }

    /// Keeps in mind an entry that is to go once nothing depends on it.
    pub(crate) fn bury(&self, tombstone: Tombstone) {
        self.tombstones.lock().push_back(tombstone);
    }

    /// Lets go of the entries of absent objects on which nothing depends any more. At most `most`;
    /// whether there are more.
    pub(crate) fn clear_tombstones(&self, most: usize) -> bool {
        let through = self.watermarks.at(Level::Applied).min(self.watermarks.at(Level::Durable));
        for _ in 0..most {
            let due = {
                let mut tombstones = self.tombstones.lock();
                let due = tombstones.front().is_some_and(|first| first.sequence <= through);
                if due { tombstones.pop_front() } else { None }
            };
            let Some(Tombstone { sequence, hash, slot }) = due else { return false };
            let mut stripe = self.stripes.lock(hash.stripe()).write();
            // A slot may have been given to another object since: then its commit differs.
            let is_same = |entry: &&Entry| {
                matches!(entry.state, State::Absent) && entry.last_commit == sequence
            };
            let Some(entry) = stripe.get(slot).filter(is_same) else { continue };
            if entry.pins > 0 {
                drop(stripe);
                self.bury(Tombstone { sequence, hash, slot });
                return false;
            }
            if let Some(entry) = stripe.remove(hash, slot) {
                drop(stripe);
                self.charge(-entry.charge().cast_signed());
            }
        }
        true
    }

    /// The log can no longer be trusted: says so once, and lets nobody wait.
    pub(crate) fn poison(&self, reason: &dyn std::fmt::Display) {
        if self.watermarks.poison() {
            self.observer.event(&Event::Poisoned { reason: reason.to_string() });
        }
    }

    /// The same after the log has failed, which has told of it itself if it is poisoned.
    pub(crate) fn poison_with_log(&self, error: &log::Error) {
        if matches!(error, log::Error::Poisoned { .. }) {
            self.watermarks.poison();
        } else {
            self.poison(error);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! How often everything happened: what a scenario is about must have happened, or its run proves
//! nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use base::{Event, Observer};
use parking_lot::Mutex;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// How often `name` happened.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.0 {
            writeln!(f, "  {count:>10}  {name}")?;
        }
        Ok(())
    }
}

/// Counts while a simulation runs, the store's events among them.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<Counts>,
    /// Whether a transaction has taken its namespaces exclusively since this was last taken down.
    exclusive: AtomicBool,
}

impl Tally {
    /// Counts one more.
    pub fn count(&self, name: &'static str) {
        self.add(name, 1);
    }

    /// Counts so many more.
    pub fn add(&self, name: &'static str, more: u64) {
        if more > 0 {
            *self.counts.lock().0.entry(name).or_default() += more;
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.lock().clone()
    }

    /// Whether a transaction has taken its namespaces exclusively since the last call.
    pub fn take_exclusive(&self) -> bool {
        self.exclusive.swap(false, Ordering::Relaxed)
    }
}

impl Observer for Tally {
    fn event(&self, event: &Event) {
        let name = match event {
            Event::TornTailDropped { .. } => "torn tails dropped",
            Event::SegmentStarted { .. } => "segments started",
            Event::SegmentRemoved { .. } => "segments removed",
            Event::Poisoned { .. } => "poisoned",
            Event::LogSpaceExhausted { .. } => "log space exhausted",
            Event::LogSpaceReturned => "log space returned",
            Event::Flushed { .. } => "flushes",
            Event::TableWorkFailed { .. } => "table work failed",
            Event::Compacted => "compactions",
            Event::ClockStep { .. } => "clock steps told",
            Event::Evicted => "evictions",
            Event::EvictionHeldBack => "evictions between commit and apply",
            Event::Loaded => "loads",
            Event::LoadOutrun => "loads that a deletion outran",
            Event::LoadJoined => "joined loads",
            Event::Rerun { .. } => "re-runs",
            Event::ExclusiveFallback => {
                self.exclusive.store(true, Ordering::Relaxed);
                "exclusive fallbacks"
            }
            Event::Undone => "undone",
            _ => return,
        };
        self.count(name);
    }
}

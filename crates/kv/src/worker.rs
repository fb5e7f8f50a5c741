//! What the store does beside transactions, as types with a `step`: the store owns no thread and reads
//! no clock. `app` gives each worker a thread of its own or a share of one; `sim` steps them in an
//! order drawn from a seed.

use std::sync::Arc;

use base::Monotonic;

use crate::signal::Signal;

/// When a worker wants to be stepped again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once: there is more to do.
    Again,
    /// When its signal is raised, or at this time at the latest.
    At(Monotonic),
}

/// One kind of work, done in bounded steps.
pub trait Worker: Send {
    /// What it is, as threads and gauges are named.
    fn name(&self) -> &'static str;

    /// Does a bounded piece of what there is to do.
    fn step(&mut self, now: Monotonic) -> Next;

    /// What wakes it before its time, if anything does.
    fn signal(&self) -> Option<Arc<Signal>>;

    /// Whether what the store promises rests on it. If a step of such a worker panics, the store stops;
    /// of any other, it goes on later.
    fn is_vital(&self) -> bool {
        true
    }

    /// Whether commands go first where the processor is short. What falls behind because of that is bounded
    /// by what holds writers back.
    fn gives_way(&self) -> bool {
        false
    }
}

/// The workers of a store, by how they may be stepped.
#[expect(missing_debug_implementations, reason = "trait objects")]
pub struct Workers {
    /// Those that serve the log. They are stepped by the same few threads, beside each other: while one
    /// syncs, another writes.
    pub log: Vec<Box<dyn Worker>>,
    /// The others. Each may be stepped whatever the others do.
    pub others: Vec<Box<dyn Worker>>,
}

impl IntoIterator for Workers {
    type Item = Box<dyn Worker>;
    type IntoIter =
        std::iter::Chain<std::vec::IntoIter<Self::Item>, std::vec::IntoIter<Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        self.log.into_iter().chain(self.others)
    }
}

//! How far the log and the tables have come, and who waits for it.
//!
//! `queued >= written >= durable` and `written >= applied`. A waiter names a level and a sequence; it
//! is woken when the level reaches it, or when the store is poisoned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base::Sequence;

use crate::error::Error;
use crate::primitives::{AtomicBool, AtomicU64, Mutex, Ordering};
use crate::signal::Signal;

/// A stage that a commit passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The log's `write` returned: survives the death of the process.
    Written,
    /// Synced: survives a power cut.
    Durable,
    /// Visible to reads of the tables.
    Applied,
}

#[derive(Debug, Default)]
struct Mark {
    reached: AtomicU64,
    waiting: Mutex<BinaryHeap<Waiting>>,
}

#[derive(Debug)]
struct Waiting(Reverse<Sequence>, Waker);

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// The watermarks of one shard.
#[derive(Debug, Default)]
pub struct Watermarks {
    queued: AtomicU64,
    marks: [Mark; 3],
    /// For each level, the highest sequence that somebody waits for.
    demanded: [AtomicU64; 3],
    syncing: AtomicBool,
    poisoned: AtomicBool,
    /// Raised when the log has something to do.
    pub(crate) log_work: Arc<Signal>,
    /// Raised when the tables have something to take.
    pub(crate) tables_work: Arc<Signal>,
}

impl Watermarks {
    /// All at `sequence`, as after an open.
    pub(crate) fn new(sequence: Sequence) -> Self {
        let marks = Self::default();
        marks.queued.store(sequence.0, Ordering::Release);
        for mark in &marks.marks {
            mark.reached.store(sequence.0, Ordering::Release);
        }
        marks
    }

    /// The last commit that was stamped.
    pub fn queued(&self) -> Sequence {
        Sequence(self.queued.load(Ordering::Acquire))
    }

    /// How far a level has come.
    pub fn at(&self, level: Level) -> Sequence {
        Sequence(self.marks[level as usize].reached.load(Ordering::Acquire))
    }

    /// Whether a write or sync of the log has failed.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// Whether somebody waits for a level to come further than it is.
    pub(crate) fn is_demanded(&self, level: Level) -> bool {
        self.demanded[level as usize].load(Ordering::SeqCst) > self.at(level).0
    }

    /// Whether a sync runs, and nobody waits for less than a sync.
    pub(crate) fn may_gather(&self) -> bool {
        self.syncing.load(Ordering::Acquire)
            && !self.is_demanded(Level::Written)
            && !self.is_demanded(Level::Applied)
    }

    /// While it is set, demands for a sync wake nobody: whoever ends it looks for them once more.
    pub(crate) fn set_syncing(&self, syncing: bool) {
        self.syncing.store(syncing, Ordering::SeqCst);
    }

    pub(crate) fn set_queued(&self, sequence: Sequence) {
        self.queued.store(sequence.0, Ordering::Release);
    }

    /// A level has reached `sequence`: wakes who waited for it.
    pub(crate) fn advance(&self, level: Level, sequence: Sequence) {
        let mark = &self.marks[level as usize];
        mark.reached.fetch_max(sequence.0, Ordering::AcqRel);
        let mut due = Vec::new();
        {
            let mut waiting = mark.waiting.lock();
            while waiting.peek().is_some_and(|first| first.0.0 <= sequence) {
                due.extend(waiting.pop().map(|first| first.1));
            }
        }
        due.into_iter().for_each(Waker::wake);
    }

    /// Nothing more is acknowledged; whoever waits is told so. Whether this is the first time.
    pub(crate) fn poison(&self) -> bool {
        let first = !self.poisoned.swap(true, Ordering::AcqRel);
        for mark in &self.marks {
            let waiting = std::mem::take(&mut *mark.waiting.lock());
            waiting.into_iter().for_each(|waiting| waiting.1.wake());
        }
        first
    }

    /// Asks the log to get on with what is queued, and to sync it if `level` says so. Whoever has
    /// queued commits calls it once, before waiting.
    pub fn demand(&self, level: Level, sequence: Sequence) {
        if self.at(level) >= sequence {
            return;
        }
        self.demanded[level as usize].fetch_max(sequence.0, Ordering::SeqCst);
        match level {
            // Either who syncs sees this demand when it is done, or we see that it is.
            Level::Durable if self.syncing.load(Ordering::SeqCst) => {}
            Level::Durable | Level::Written => self.log_work.raise(),
            Level::Applied => {
                if self.at(Level::Written) < sequence {
                    self.log_work.raise();
                }
                self.tables_work.raise();
            }
        }
    }

    /// Ready when `level` has reached `sequence`.
    ///
    /// # Errors
    /// [`Error::Unknown`] once the store is poisoned and the level has not been reached.
    pub fn poll_reached(
        &self,
        level: Level,
        sequence: Sequence,
        context: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        if self.at(level) >= sequence {
            return Poll::Ready(Ok(()));
        }
        let mark = &self.marks[level as usize];
        let mut waiting = mark.waiting.lock();
        // Again, under the lock: `advance` and `poison` take it after they have moved on.
        if self.at(level) >= sequence {
            return Poll::Ready(Ok(()));
        }
        if self.is_poisoned() {
            return Poll::Ready(Err(Error::Unknown));
        }
        waiting.push(Waiting(Reverse(sequence), context.waker().clone()));
        Poll::Pending
    }

    /// Waits as [`Watermarks::poll_reached`]; may be dropped at any time.
    pub fn reached(&self, level: Level, sequence: Sequence) -> Reached<'_> {
        self.demand(level, sequence);
        Reached { watermarks: self, level, sequence }
    }
}

/// See [`Watermarks::reached`].
#[derive(Debug)]
#[must_use = "a future does nothing until it is awaited"]
pub struct Reached<'a> {
    watermarks: &'a Watermarks,
    level: Level,
    sequence: Sequence,
}

impl Future for Reached<'_> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.watermarks.poll_reached(self.level, self.sequence, context)
    }
}

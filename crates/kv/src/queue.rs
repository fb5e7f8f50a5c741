//! The commit queue: where a transaction gets its sequence and its place in the log.
//!
//! A transaction is stamped and queued under one short lock, while it holds the locks of its objects:
//! so the order of sequences is an order in which the transactions could have run one by one.
//!
//! Invariants:
//! 1. Sequences are gapless and in the order of the log.
//! 2. A commit lies wholly in one group.

use std::collections::VecDeque;

use base::limits::GROUP_BYTES;
use base::{Generation, Sequence, StoreTime};
use log::Group;
use log::record::Session;
use parking_lot::Mutex;

/// Who made a commit, for the log's reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Number of the session; 0 is the store itself.
    pub session: u64,
    /// How many commands the session had sent.
    pub count: u64,
    /// Number of the command in its protocol's table; 0 is the store's own work.
    pub command: u32,
}

#[derive(Debug)]
struct Pending {
    closed: VecDeque<Group>,
    open: Group,
    next: Sequence,
}

/// Commits that are stamped and not yet handed to the log.
#[derive(Debug)]
pub(crate) struct Queue {
    pending: Mutex<Pending>,
}

impl Queue {
    pub(crate) fn new(next: Sequence) -> Self {
        let open = Group::new(next, StoreTime(0));
        Self { pending: Mutex::new(Pending { closed: VecDeque::new(), open, next }) }
    }

    /// Stamps a commit and queues its changes. `stamped` runs under the queue's lock.
    pub(crate) fn push(
        &self,
        at: StoreTime,
        origin: Origin,
        changes: &[u8],
        stamped: impl FnOnce(Sequence),
    ) -> Sequence {
        let mut pending = self.pending.lock();
        pending.close_before(changes.len());
        let sequence = pending.next;
        if pending.open.is_empty() {
            pending.open = Group::new(sequence, at);
        }
        pending.open.push_commit(at, origin.session, origin.count, origin.command, changes);
        pending.next = sequence.next();
        stamped(sequence);
        sequence
    }

    /// Puts a session into the log's table of sessions.
    pub(crate) fn push_session(&self, session: &Session<'_>, at: StoreTime) {
        let mut pending = self.pending.lock();
        pending.start(at);
        pending.open.push_session(session);
    }

    /// Takes a session out of the log's table of sessions.
    pub(crate) fn push_session_end(&self, number: u64, at: StoreTime) {
        let mut pending = self.pending.lock();
        pending.start(at);
        pending.open.push_session_end(number);
    }

    /// The next group to write, if anything is queued. `generations` is what no generation in it reaches.
    pub(crate) fn take(&self, generations: impl FnOnce() -> Generation) -> Option<Group> {
        let mut pending = self.pending.lock();
        let mut group = match pending.closed.pop_front() {
            Some(group) => group,
            None if pending.open.is_empty() => return None,
            None => {
                let next = Group::new(pending.next, StoreTime(0));
                std::mem::replace(&mut pending.open, next)
            }
        };
        // Read while the lock is held: every generation in the group was drawn before.
        group.set_generations(generations());
        Some(group)
    }
}

impl Pending {
    fn start(&mut self, at: StoreTime) {
        if self.open.is_empty() {
            self.open = Group::new(self.next, at);
        }
    }

    fn close_before(&mut self, more: usize) {
        if !self.open.is_empty() && self.open.bytes() + more > GROUP_BYTES {
            let next = Group::new(self.next, StoreTime(0));
            self.closed.push_back(std::mem::replace(&mut self.open, next));
        }
    }
}

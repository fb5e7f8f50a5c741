//! The commit queue: where a transaction gets its sequence and its place in the log.
//!
//! A transaction is stamped and queued under one short lock, while it holds the locks of its objects:
//! so the order of sequences is an order in which the transactions could have run one by one.
//!
//! Invariants:
//! 1. Sequences are gapless and in the order of the log.
//! 2. A commit lies wholly in one group.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use base::limits::GROUP_BYTES;
use base::{Generation, Sequence, StoreTime};
use foldhash::fast::FixedState;
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
    /// Groups that are in the tables, kept for their memory.
    spare: Vec<Group>,
    /// Sessions that are open and have tried to write.
    sessions: HashMap<u64, Announced, FixedState>,
    /// Those of them that the log is to hear of with their next commit.
    untold: usize,
    /// Sessions that are over, which the log hears of with later commits.
    ended: VecDeque<u64>,
}

/// What a session says of itself, until the log has heard of it, and whether it has heard of it before.
#[derive(Debug, Default)]
struct Announced {
    names: Option<[Box<[u8]>; 4]>,
    is_told: bool,
}

/// Of what a session says of itself, the log keeps so much of each name.
const NAME_BYTES_MAX: usize = 64;

/// The ends of so many sessions go with one commit: what is set aside for it beside its changes covers them.
const ENDS_MAX: usize = 64;

/// Spare groups that are kept, and how much memory each may have.
const SPARE: usize = 4;
const SPARE_BYTES: usize = 1 << 20;

/// Commits that are stamped and not yet handed to the log.
#[derive(Debug)]
pub(crate) struct Queue {
    pending: Mutex<Pending>,
    /// Bytes of what is queued and not yet in the log.
    bytes: AtomicU64,
}

impl Queue {
    pub(crate) fn new(next: Sequence) -> Self {
        let open = Group::new(next, StoreTime(0));
        let pending = Pending {
            closed: VecDeque::new(),
            open,
            next,
            spare: Vec::new(),
            sessions: HashMap::default(),
            untold: 0,
            ended: VecDeque::new(),
        };
        Self { pending: Mutex::new(pending), bytes: AtomicU64::new(0) }
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
        pending.start(at);
        let before = pending.open.bytes();
        pending.tell_of_sessions(origin.session);
        pending.open.push_commit(at, origin.session, origin.count, origin.command, changes);
        pending.next = sequence.next();
        self.bytes.fetch_add((pending.open.bytes() - before) as u64, Ordering::Relaxed);
        stamped(sequence);
        sequence
    }

    /// Bytes of commits that wait for the log.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Has the log hear of a session, or of what it is called now, with its next commit: what writes nothing takes
    /// no place in the log.
    pub(crate) fn announce(&self, session: &Session<'_>) {
        let cut = |name: &[u8]| name.get(..NAME_BYTES_MAX).unwrap_or(name).into();
        let names = [session.user, session.client, session.address, session.protocol].map(cut);
        let mut pending = self.pending.lock();
        let announced = pending.sessions.entry(session.number).or_default();
        if announced.names.replace(names).is_none() {
            pending.untold += 1;
        }
    }

    /// The session is over; the log hears of that with later commits, if it has heard of the session.
    pub(crate) fn end(&self, number: u64) {
        let mut pending = self.pending.lock();
        let Some(announced) = pending.sessions.remove(&number) else { return };
        pending.untold -= usize::from(announced.names.is_some());
        if announced.is_told {
            pending.ended.push_back(number);
        }
    }

    /// The next group to write, if anything is queued. `generations` is what no generation in it reaches.
    pub(crate) fn take(&self, generations: impl FnOnce() -> Generation) -> Option<Group> {
        let mut pending = self.pending.lock();
        let mut group = match pending.closed.pop_front() {
            Some(group) => group,
            None if pending.open.is_empty() => return None,
            None => pending.close(),
        };
        // Read while the lock is held: every generation in the group was drawn before.
        group.set_generations(generations());
        Some(group)
    }
}

impl Queue {
    /// What [`Queue::take`] gave is in the log now.
    pub(crate) fn appended(&self, group: &Group) {
        self.bytes.fetch_sub(group.bytes() as u64, Ordering::Relaxed);
    }

    /// Takes back a group that is in the tables, for its memory.
    pub(crate) fn give_back(&self, group: Group) {
        let mut pending = self.pending.lock();
        if pending.spare.len() < SPARE && group.bytes() <= SPARE_BYTES {
            pending.spare.push(group);
        }
    }
}

impl Pending {
    fn start(&mut self, at: StoreTime) {
        if self.open.is_empty() {
            self.open.restart(self.next, at);
        }
    }

    /// Puts into the open group what the log is to hear of sessions before a commit of `session`.
    fn tell_of_sessions(&mut self, session: u64) {
        for number in self.ended.drain(..self.ended.len().min(ENDS_MAX)) {
            self.open.push_session_end(number);
        }
        if self.untold == 0 {
            return;
        }
        let Some(announced) = self.sessions.get_mut(&session) else { return };
        let Some([user, client, address, protocol]) = announced.names.take() else { return };
        let (user, client, address, protocol) = (&*user, &*client, &*address, &*protocol);
        self.open.push_session(&Session { number: session, user, client, address, protocol });
        announced.is_told = true;
        self.untold -= 1;
    }

    /// Ends the open group and begins another.
    fn close(&mut self) -> Group {
        let next = self.spare.pop().map_or_else(
            || Group::new(self.next, StoreTime(0)),
            |mut spare| {
                spare.restart(self.next, StoreTime(0));
                spare
            },
        );
        std::mem::replace(&mut self.open, next)
    }

    fn close_before(&mut self, more: usize) {
        if !self.open.is_empty() && self.open.bytes() + more > GROUP_BYTES {
            let closed = self.close();
            self.closed.push_back(closed);
        }
    }
}

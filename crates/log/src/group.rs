//! Commits that are written together: the records of one frame, in the buffer that goes to the
//! medium.
//!
//! Knows neither the log that it goes to nor what its commits mean.
//!
//! Invariants:
//! 1. Its commits take the sequences first, first + 1, ... in the order in which they were pushed.
//! 2. The header's place is kept free in front of the records, so that the frame is written from
//!    this buffer without a copy.

use std::ops::Range;

use base::{Generation, Sequence, StoreTime};

use crate::frame::{self, HEADER_BYTES, Header, SECTOR_BYTES};
use crate::record::{self, Changes, CommitHead, Records, Session};

/// The records of one frame. Close it at [`base::limits::GROUP_BYTES`]; one commit may be longer.
#[derive(Clone, Debug)]
pub struct Group {
    buffer: Vec<u8>,
    first: Sequence,
    next: Sequence,
    time: StoreTime,
    latest: StoreTime,
    generations: Generation,
    sessions: Vec<SessionChange>,
}

/// Which session a group begins or ends, and where the record that begins it stands.
#[derive(Clone, Debug)]
pub(crate) struct SessionChange {
    pub(crate) number: u64,
    pub(crate) record: Option<Range<usize>>,
}

impl Group {
    /// A group whose first commit will be `first`, and whose commits' times are counted from `time`.
    #[must_use]
    pub fn new(first: Sequence, time: StoreTime) -> Self {
        Self {
            buffer: vec![0; HEADER_BYTES],
            first,
            next: first,
            time,
            latest: time,
            generations: Generation::NONE,
            sessions: Vec::new(),
        }
    }

    /// Empties it and begins anew, keeping its memory.
    pub fn restart(&mut self, first: Sequence, time: StoreTime) {
        self.buffer.truncate(HEADER_BYTES);
        self.sessions.clear();
        (self.first, self.next) = (first, first);
        (self.time, self.latest) = (time, time);
        self.generations = Generation::NONE;
    }

    /// Adds a commit and returns its sequence. `session` asked for it, as its `count`th command,
    /// which has the number `command`; `changes` are as [`record::put`] and its kin wrote them.
    ///
    /// Panics if they are not: a log that holds them could not be opened again.
    pub fn push_commit(
        &mut self,
        at: StoreTime,
        session: u64,
        count: u64,
        command: u32,
        changes: &[u8],
    ) -> Sequence {
        debug_assert!(Changes::new(changes).are_sound(), "the changes of a commit decode");
        let time_delta = at.0.wrapping_sub(self.time.0).cast_signed();
        let head = CommitHead { time_delta, session, count, command };
        // With what the end of the frame is filled up with: it would double the buffer of a large commit.
        self.buffer.reserve(changes.len() + record::COMMIT_HEAD_BYTES_MAX + SECTOR_BYTES);
        record::put_commit(&mut self.buffer, head, changes);
        self.latest = self.latest.max(at);
        let sequence = self.next;
        self.next = sequence.next();
        sequence
    }

    /// Announces a session; commits that name it follow.
    pub fn push_session(&mut self, session: &Session<'_>) {
        let start = self.buffer.len();
        record::put_session(&mut self.buffer, session);
        let record = Some(start..self.buffer.len());
        self.sessions.push(SessionChange { number: session.number, record });
    }

    /// Says that a session is over; no commit names it from here on.
    pub fn push_session_end(&mut self, number: u64) {
        record::put_session_end(&mut self.buffer, number);
        self.sessions.push(SessionChange { number, record: None });
    }

    /// No generation or space at or above `ceiling` has been given out.
    pub fn set_generations(&mut self, ceiling: Generation) {
        self.generations = ceiling;
    }

    /// The length of its records.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len() - HEADER_BYTES
    }

    /// Its first commit, or the one that would be.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        self.first
    }

    /// Whether it holds a commit, and not records of sessions alone.
    #[must_use]
    pub const fn has_commits(&self) -> bool {
        self.next.0 > self.first.0
    }

    /// Its last commit; if it has none, the sequence before [`Group::first`].
    #[must_use]
    pub const fn last(&self) -> Sequence {
        Sequence(self.next.0.saturating_sub(1))
    }

    /// The sequence after its last commit.
    #[must_use]
    pub const fn next(&self) -> Sequence {
        self.next
    }

    /// Whether it holds no record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// What its commits' times are counted from.
    #[must_use]
    pub const fn time(&self) -> StoreTime {
        self.time
    }

    /// The latest time among its commits, or [`Group::time`].
    #[must_use]
    pub const fn latest(&self) -> StoreTime {
        self.latest
    }

    /// The ceiling that [`Group::set_generations`] set.
    #[must_use]
    pub const fn generations(&self) -> Generation {
        self.generations
    }

    /// Its records, in order; the same before and after it was appended.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        let records = self.buffer.get(HEADER_BYTES..).unwrap_or_default();
        Records::new(records, self.first, self.time)
    }

    pub(crate) fn session_changes(&self) -> impl Iterator<Item = (u64, Option<&[u8]>)> {
        self.sessions.iter().map(|change| {
            let record = change.record.clone().and_then(|range| self.buffer.get(range));
            (change.number, record)
        })
    }

    /// Hands the frame's bytes, under `header`, to `write`, and returns their checksum with what it
    /// returned.
    pub(crate) fn write_under<T>(
        &mut self,
        header: &Header,
        write: impl FnOnce(&[u8]) -> T,
    ) -> (u32, T) {
        let end = self.buffer.len();
        let checksum = frame::seal(header, &mut self.buffer);
        let written = write(&self.buffer);
        self.buffer.truncate(end);
        (checksum, written)
    }
}

#[cfg(test)]
mod tests;

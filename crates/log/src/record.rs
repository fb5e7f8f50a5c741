//! What a frame's payload is made of: records, and in a commit's record its changes
//! (`docs/format.md`, "Records").
//!
//! Knows no frame, no file, and not what a row means.
//!
//! Invariants:
//! 1. Decoding never panics, never reads past its bytes, and ends at the first error.
//! 2. What was encoded decodes to the same values, and equal values have equal bytes.

use base::codec::{Malformed, Reader, VARINT_BYTES_MAX, put_bytes, put_varint, put_varint_signed};
use base::{Sequence, StoreTime};

const SESSION: u8 = 1;
const SESSION_END: u8 = 2;
const COMMIT: u8 = 3;

const PUT: u8 = 1;
const REMOVE: u8 = 2;
const ADD: u8 = 3;

/// Who is on the other side of a connection: written once, then referred to by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Counts up within an open of the store; 0 is the store itself and is never announced.
    pub number: u64,
    /// The user that it authenticated as.
    pub user: &'a [u8],
    /// The name that the client gives itself.
    pub client: &'a [u8],
    /// The address that it comes from.
    pub address: &'a [u8],
    /// The protocol that it speaks.
    pub protocol: &'a [u8],
}

/// One record of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A session begins, or goes on from the segment before.
    Session(Session<'a>),
    /// A session is over.
    SessionEnd {
        /// Its number.
        number: u64,
    },
    /// One transaction.
    Commit {
        /// Its position in the log.
        sequence: Sequence,
        /// When it ran.
        time: StoreTime,
        /// Who asked for it; 0 is the store itself.
        session: u64,
        /// The how-manieth command of the session it was.
        count: u64,
        /// The command's number in its protocol's table.
        command: u32,
        /// What it changed.
        changes: Changes<'a>,
    },
}

/// One change of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The row is so.
    Put {
        /// The row's key.
        key: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// The row is not there.
    Remove {
        /// The row's key.
        key: &'a [u8],
    },
    /// The row, a number, grows by so much. The only change that may not be applied twice.
    Add {
        /// The row's key.
        key: &'a [u8],
        /// By how much; absent counts as 0.
        delta: i64,
    },
}

/// Appends a put.
pub fn put(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    out.push(PUT);
    put_bytes(out, key);
    put_bytes(out, value);
}

/// Appends a put whose value is `len` bytes that `write` appends, without a copy of it.
pub fn put_with(out: &mut Vec<u8>, key: &[u8], len: usize, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(PUT);
    put_bytes(out, key);
    put_varint(out, len as u64);
    let start = out.len();
    write(out);
    debug_assert_eq!(out.len() - start, len, "a value is as long as was said");
}

/// Appends a remove.
pub fn remove(out: &mut Vec<u8>, key: &[u8]) {
    out.push(REMOVE);
    put_bytes(out, key);
}

/// Appends an add.
pub fn add(out: &mut Vec<u8>, key: &[u8], delta: i64) {
    out.push(ADD);
    put_bytes(out, key);
    put_varint_signed(out, delta);
}

pub(crate) fn put_session(out: &mut Vec<u8>, session: &Session<'_>) {
    out.push(SESSION);
    put_varint(out, session.number);
    put_bytes(out, session.user);
    put_bytes(out, session.client);
    put_bytes(out, session.address);
    put_bytes(out, session.protocol);
}

pub(crate) fn put_session_end(out: &mut Vec<u8>, number: u64) {
    out.push(SESSION_END);
    put_varint(out, number);
}

/// What a commit says of itself beside its sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommitHead {
    /// Commit time minus frame time, wrapping.
    pub(crate) time_delta: i64,
    pub(crate) session: u64,
    pub(crate) count: u64,
    pub(crate) command: u32,
}

/// What [`put_commit`] puts in front of the changes, at most.
pub(crate) const COMMIT_HEAD_BYTES_MAX: usize = 1 + 5 * VARINT_BYTES_MAX;

pub(crate) fn put_commit(out: &mut Vec<u8>, head: CommitHead, changes: &[u8]) {
    out.push(COMMIT);
    put_varint_signed(out, head.time_delta);
    put_varint(out, head.session);
    put_varint(out, head.count);
    put_varint(out, u64::from(head.command));
    put_bytes(out, changes);
}

/// The changes of a commit, in order. Ends after the first error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<'a> {
    rest: &'a [u8],
}

impl<'a> Changes<'a> {
    /// Reads `bytes`, as [`put`], [`remove`] and [`add`] wrote them.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all of them decode.
    #[must_use]
    pub fn are_sound(self) -> bool {
        self.into_iter().all(|change| change.is_ok())
    }

    /// What has not been read.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Changes<'a> {
    type Item = Result<Change<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut reader = Reader::new(self.rest);
        let change = decode_change(&mut reader);
        self.rest = if change.is_ok() { reader.rest() } else { &[] };
        Some(change)
    }
}

fn decode_change<'a>(reader: &mut Reader<'a>) -> Result<Change<'a>, Malformed> {
    let operation = reader.u8("an operation")?;
    let key = reader.bytes("a row's key")?;
    match operation {
        PUT => Ok(Change::Put { key, value: reader.bytes("a row's value")? }),
        REMOVE => Ok(Change::Remove { key }),
        ADD => Ok(Change::Add { key, delta: reader.varint_signed("an amount")? }),
        _ => Err(Malformed { expected: "an operation" }),
    }
}

/// The records of a payload, in order. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    next: Sequence,
    time: StoreTime,
    from: Sequence,
}

impl<'a> Records<'a> {
    /// Reads `payload`, whose first commit has the sequence `first` and whose commits' times are
    /// counted from `time`.
    #[must_use]
    pub const fn new(payload: &'a [u8], first: Sequence, time: StoreTime) -> Self {
        Self { rest: payload, next: first, time, from: Sequence::ZERO }
    }

    /// Leaves out the commits below `from`.
    #[must_use]
    pub const fn starting_at(mut self, from: Sequence) -> Self {
        self.from = from;
        self
    }

    /// Reads all, changes included. Returns how many commits there are, and the latest time.
    pub(crate) fn check(self) -> Result<(u64, StoreTime), Malformed> {
        let (mut commits, mut latest) = (0, self.time);
        for record in self {
            if let Record::Commit { time, changes, .. } = record? {
                commits += 1;
                latest = latest.max(time);
                for change in changes {
                    change?;
                }
            }
        }
        Ok((commits, latest))
    }

    fn decode(&mut self, reader: &mut Reader<'a>) -> Result<Record<'a>, Malformed> {
        match reader.u8("a record's type")? {
            SESSION => Ok(Record::Session(Session {
                number: reader.varint("a session's number")?,
                user: reader.bytes("a user")?,
                client: reader.bytes("a client's name")?,
                address: reader.bytes("an address")?,
                protocol: reader.bytes("a protocol")?,
            })),
            SESSION_END => Ok(Record::SessionEnd { number: reader.varint("a session's number")? }),
            COMMIT => {
                let delta = reader.varint_signed("a commit's time")?;
                let session = reader.varint("a session's number")?;
                let count = reader.varint("a command's count")?;
                let command = u32::try_from(reader.varint("a command")?)
                    .map_err(|_too_large| Malformed { expected: "a command" })?;
                let changes = Changes::new(reader.bytes("changes")?);
                let sequence = self.next;
                let after = sequence.0.checked_add(1);
                self.next = Sequence(after.ok_or(Malformed { expected: "a sequence" })?);
                let time = StoreTime(self.time.0.wrapping_add(delta.cast_unsigned()));
                Ok(Record::Commit { sequence, time, session, count, command, changes })
            }
            _ => Err(Malformed { expected: "a record's type" }),
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let mut reader = Reader::new(self.rest);
            let record = self.decode(&mut reader);
            self.rest = if record.is_ok() { reader.rest() } else { &[] };
            match record {
                Ok(Record::Commit { sequence, .. }) if sequence < self.from => {}
                record => return Some(record),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;

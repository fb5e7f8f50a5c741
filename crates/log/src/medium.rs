//! Where a log is kept: a directory of files, real ([`Directory`]) or simulated
//! ([`SimulatedMedium`]). The only door to the disk, so that every fault is a small implementation.
//!
//! Knows nothing of what is in a file.
//!
//! Invariants (what the log relies on; `docs/format.md`, "Assumptions about the medium"):
//! 1. A sync that returned without an error made durable every byte of that file, or every name of
//!    that directory, written before it began.
//! 2. Unsynced bytes survive a power cut in pieces of 512 bytes that are whole or absent.
//! 3. A rename within a directory is atomic.

use std::io;
use std::sync::Arc;

mod real;
mod simulated;

pub use real::Directory;
pub use simulated::{Counts, Fault, Operation, Outcome, SimulatedMedium};

/// A directory. Names are relative to it and never contain a separator.
pub trait Medium: Send + Sync {
    /// Makes an empty file, readable by its owner alone. Fails with `AlreadyExists` if it is there.
    /// The name is durable after [`Medium::sync`].
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading, and for writing where anything can be written.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// The names of its files, in order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Gives a file another name, over whatever had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file's name. Who has the file open may go on reading it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes its names durable.
    fn sync(&self) -> io::Result<()>;

    /// What is free of the disk that it is on.
    fn free(&self) -> io::Result<Free>;

    /// Where it is, for a person.
    fn place(&self) -> String {
        "the log's directory".to_owned()
    }

    /// A directory in it, made if it is not there.
    fn subdirectory(&self, name: &str) -> io::Result<Arc<dyn Medium>>;
}

/// An open file.
#[expect(
    clippy::len_without_is_empty,
    reason = "a file's length is asked of the disk and may fail"
)]
pub trait File: Send + Sync {
    /// Writes all of `bytes` at `offset`, beyond the end too: what lies between is zeros.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Fills all of `bytes` from `offset` on; `UnexpectedEof` if the file ends before.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Cuts it to `bytes`, if it is longer, and gives the space of the rest back.
    fn cut(&self, bytes: u64) -> io::Result<()>;

    /// Makes durable what was written before the call, and the length.
    fn sync(&self) -> io::Result<()>;

    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
}

/// What is free of a disk, for a user without privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Bytes.
    pub bytes: u64,
    /// Files that can still be made; `u64::MAX` where the file system has no such bound.
    pub inodes: u64,
}

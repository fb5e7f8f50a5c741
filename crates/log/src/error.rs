//! What can go wrong with a log, each said so that the reader knows what to do next.

use std::io;
use std::sync::Arc;

use base::{Kind, Sequence};

/// Why the log refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A write or a sync failed earlier. What was not yet durable is unknown until the next open.
    #[error(
        "the log failed and takes nothing more: stop the process and start it again ({reason})"
    )]
    Poisoned {
        /// What failed first, and where.
        reason: Arc<str>,
    },
    /// The log was closed: open it again.
    #[error("the log was closed: open it again")]
    Closed,
    /// A group does not begin where the log goes on: this writer missed something. Nothing was
    /// written.
    #[error(
        "a group begins at {found} but the log goes on at {expected}: stop writing and open the log again"
    )]
    Fenced {
        /// The sequence that the next group has to begin with.
        expected: Sequence,
        /// The sequence that it began with.
        found: Sequence,
    },
    /// A group is longer than a frame may be. Nothing was written.
    #[error("a group of {bytes} bytes is over the bound of {bytes_max}: make it smaller")]
    TooLarge {
        /// Length of its payload.
        bytes: u64,
        /// The most that a frame's payload may take.
        bytes_max: u64,
    },
    /// The medium failed in a way that does not touch what is durable.
    #[error("could not {operation} {file}: see to the disk, then try again")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file's name in the log's directory.
        file: String,
        /// What the medium said.
        #[source]
        source: io::Error,
    },
    /// Not even the shortest segment could be made for an open to begin with. Nothing was changed.
    #[error(
        "the disk of the log is full: free a few MiB on it, or some files where it is files that it can hold no more of, and start again; nothing is lost"
    )]
    Full {
        /// What the medium said.
        #[source]
        source: Box<Error>,
    },
    /// Bytes that were durable are not what was written. Nothing was changed.
    #[error(
        "the log is damaged in {file} at byte {offset} ({reason}): {}; keep the directory as it is, verify it, and restore", unreadable(*.first, *.last)
    )]
    Corrupt {
        /// The file's name in the log's directory.
        file: String,
        /// Where in it the first bad byte range begins.
        offset: u64,
        /// The first commit that is missing.
        first: Sequence,
        /// The last commit that is known to have been durable.
        last: Sequence,
        /// What is wrong there.
        reason: String,
    },
    /// A sound frame was written by a later format.
    #[error(
        "{file} holds a frame of format {found} at byte {offset}: open it with the version of groundsill that wrote it, or a later one"
    )]
    Newer {
        /// The file's name in the log's directory.
        file: String,
        /// Where the frame begins.
        offset: u64,
        /// Its format number.
        found: u16,
    },
    /// What was to be read is no longer kept.
    #[error("the log is kept from {oldest} on: begin there, or take a checkpoint")]
    Trimmed {
        /// The oldest sequence that can be read.
        oldest: Sequence,
    },
}

/// What is known of the commits that a damaged place may have held.
fn unreadable(first: Sequence, last: Sequence) -> String {
    if last < first {
        "no commit is known to be lost by it".to_owned()
    } else {
        format!("commits {first} to {last} cannot be read")
    }
}

impl Error {
    /// What the caller is to do next.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Poisoned { .. } | Self::Closed => Kind::Closed,
            Self::Fenced { .. } => Kind::Conflict,
            Self::TooLarge { .. } | Self::Full { .. } => Kind::Limit,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::Limit,
                io::ErrorKind::PermissionDenied => Kind::Denied,
                _ => Kind::Unavailable,
            },
            Self::Corrupt { .. } => Kind::Corrupt,
            Self::Newer { .. } => Kind::Invalid,
            Self::Trimmed { .. } => Kind::NotFound,
        }
    }

    /// Makes a medium's error into one that names what was tried on which file.
    pub(crate) fn io(operation: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, file: file.to_owned(), source }
    }
}

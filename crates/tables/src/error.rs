//! What can go wrong in the tables.

use std::io;
use std::path::PathBuf;

use base::{Kind, Sequence};

use crate::KEY_BYTES_MAX;

/// An error of the tables; [`Error::kind`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Stored bytes are not what was written.
    #[error(
        "{file} is damaged ({reason}): stop, verify, and restore a backup or repair into a new directory"
    )]
    Damaged {
        /// The file, or the directory if it cannot be told which.
        file: String,
        /// What was found.
        reason: String,
    },
    /// The operating system refused an operation.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// A compaction was given up, or not begun, because too little would stay free. Nothing is lost.
    #[error(
        "cannot compact the tables of {}: {} MiB of its disk are free, and {} MiB are to stay so: make room", path.display(), free >> 20, kept.div_ceil(1 << 20)
    )]
    NoRoom {
        /// Where the tables are.
        path: PathBuf,
        /// Bytes that were free.
        free: u64,
        /// Bytes that there would have to be.
        kept: u64,
    },
    /// Compaction is so far behind that another table would not fit the manifest.
    #[error("{runs} runs of tables wait to be compacted: compact before more is flushed")]
    Crowded {
        /// How many runs there are.
        runs: u64,
    },
    /// A key that no table can hold.
    #[error("a key of {bytes} bytes: use 1 to {KEY_BYTES_MAX}")]
    KeyLength {
        /// Its length.
        bytes: usize,
    },
    /// A value that no table can hold.
    #[error("a value of {bytes} bytes in one row: split it over rows")]
    ValueLength {
        /// Its length.
        bytes: usize,
    },
    /// The keys of a batch do not ascend, or one stands twice.
    #[error("the keys of a batch must ascend, each once")]
    Order,
    /// A batch or a range names the row `applied`, which belongs to the tables.
    #[error("the row `applied` belongs to the tables: leave it out")]
    Reserved,
    /// A batch ends at or before what is applied.
    #[error("a batch through commit {through} when {applied} is applied: apply in order, once")]
    Stale {
        /// Where the batch ends.
        through: Sequence,
        /// What is applied.
        applied: Sequence,
    },
    /// A batch was interrupted half-way; it is not visible and must not become so.
    #[error("a batch was interrupted: open the tables again and replay the log")]
    Interrupted,
}

impl Error {
    /// What the caller is to do.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Damaged { .. } => Kind::Corrupt,
            Self::Io { .. } | Self::NoRoom { .. } | Self::Crowded { .. } => Kind::Unavailable,
            Self::KeyLength { .. } => Kind::Invalid,
            Self::ValueLength { .. } => Kind::Limit,
            Self::Order | Self::Reserved | Self::Stale { .. } => Kind::Internal,
            Self::Interrupted => Kind::Closed,
        }
    }

    pub(crate) fn io(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { operation, path, source }
    }

    pub(crate) fn damaged(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Damaged { file: file.into(), reason: reason.into() }
    }
}

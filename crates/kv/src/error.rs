//! What can go wrong in the store, and how a transaction ends without committing.

use std::borrow::Cow;

use base::{Kind, Sequence};

const STOPPED: &str = "the store has stopped because its log failed, and this command changed nothing: \
                       see the server's log, and connect again once it has been restarted";

const TOO_LARGE: &str = "TOOLARGE";

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Bytes read from the tables are not what a store writes.
    #[error("a row in the tables is damaged: {what}; stop the server and run `groundsill verify`")]
    Damaged {
        /// What was being read.
        what: &'static str,
    },
    /// The tables could not answer.
    #[error("the tables could not answer")]
    Tables(#[source] tables::Error),
    /// The log could not take or give commits.
    #[error("the log could not answer")]
    Log(#[source] log::Error),
    /// One transaction was about to bring too much into memory.
    #[error(
        "the keys hold more than {bytes_max} bytes, the most that is read at once: ask for fewer, or for parts"
    )]
    TooMuch {
        /// How many bytes one transaction may bring in.
        bytes_max: u64,
    },
    /// A defect of Groundsill, of which a panic told. Nothing was changed.
    #[error(
        "internal: {during} failed in a way that is our fault: please report it, with the server's log"
    )]
    Defect {
        /// What was under way.
        during: &'static str,
    },
    /// A write or a sync of the log failed: what was under way may have happened or not.
    #[error("the outcome of this command is not known")]
    Unknown,
    /// The same, for a caller that changed nothing and only wanted to know.
    #[error("{STOPPED}")]
    Stopped,
    /// The tables hold commits that the log does not.
    #[error(
        "the tables hold commits up to {applied}, but the log ends at {last}: the log of another time or place"
    )]
    Behind {
        /// The last commit in the tables.
        applied: Sequence,
        /// The last commit in the log.
        last: Sequence,
    },
}

impl Error {
    /// What the caller is to do.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Damaged { .. } | Self::Behind { .. } => Kind::Corrupt,
            Self::Tables(error) => error.kind(),
            Self::Log(error) => error.kind(),
            Self::TooMuch { .. } => Kind::Limit,
            Self::Defect { .. } => Kind::Internal,
            Self::Unknown => Kind::Closed,
            Self::Stopped => Kind::Unavailable,
        }
    }
}

/// Why a transaction was undone as a whole: a guard that did not hold, a bound, a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the caller is to do.
    pub kind: Kind,
    /// A word that stays the same for programs to act on, such as `LOCKLOST`.
    pub code: &'static str,
    /// What was refused, and what to do.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A bound was passed; `message` names it.
    pub fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Limit, code: "LIMIT", message: message.into() }
    }

    /// A defect of Groundsill; `message` says which rule was broken.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Internal, code: "ERR", message: message.into() }
    }

    /// All rows of a large object were asked for, by a transaction that reads such objects from a
    /// [`crate::Snapshot`].
    pub(crate) const fn too_large() -> Self {
        let message = "the key is too large to be read at once";
        Self { kind: Kind::Limit, code: TOO_LARGE, message: Cow::Borrowed(message) }
    }

    /// Whether it is of a transaction that said [`crate::Plan::stream`], and should do so.
    pub fn is_too_large(&self) -> bool {
        self.code == TOO_LARGE
    }

    /// The store had stopped before this transaction began: it did not happen.
    pub fn stopped() -> Self {
        Self { kind: Kind::Unavailable, code: "UNAVAILABLE", message: STOPPED.into() }
    }

    /// The store has stopped taking commits: this one may have happened or not.
    pub fn unknown() -> Self {
        Self {
            kind: Kind::Closed,
            code: "UNKNOWN",
            message: "the outcome of this command is not known".into(),
        }
    }
}

/// Why a closure did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Something it reached for is not at hand: the transaction notes what, and is run again. A
    /// closure passes this on and does nothing else about it.
    Retry,
    /// All of it is to be undone.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

//! What a transaction was last held up by, and what it is told when that took until its deadline.
//!
//! Each cause has a sentence of its own, which says what to do: others' locks, a slow disk and a full one
//! are not mended in the same way.

use crate::error::Refusal;
use crate::plan::Work;
use crate::survey::Survey;

/// Why the last round did not come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For nothing: it was run again because of what it had found out.
    #[default]
    Nothing,
    /// For space in the log, which is being taken.
    LogRoom,
    /// For the tables to take up what is committed, before more may be.
    Backlog,
    /// For the tables to take up what it wants to see in them.
    Tables,
    /// For what it lacked in memory.
    Load,
    /// For a lock that another had.
    Lock,
}

impl Wait {
    /// That of a round that is to be run again, if it wants anything loaded; before it there had been so
    /// many failed locks.
    pub(crate) fn of_round(work: &Work, wants: bool, lock_failures: u32) -> Self {
        if work.surveys.iter().any(|survey| Survey::awaits(survey).is_some()) {
            Self::Tables
        } else if wants {
            Self::Load
        } else if work.lock_failures > lock_failures {
            Self::Lock
        } else {
            Self::Nothing
        }
    }

    /// What is told past the deadline.
    pub(crate) fn refusal(self, rounds: u32) -> Refusal {
        let why = match self {
            Self::Nothing => {
                "it takes longer than a transaction may: split it up, or try again when the machine has less to do"
            }
            Self::LogRoom => {
                "the log's next segment is not ready yet, because the disk is slow: try again later"
            }
            Self::Backlog => {
                "the tables are too far behind the log, because the disk is slow or full: free some of it if it is full, else send less and try again later"
            }
            Self::Tables => {
                "the tables are too far behind the log to be read, because the disk is slow or full: free some of it if it is full, else try again later"
            }
            Self::Load => {
                "what it needs was still being read from the disk: try again, or ask for fewer keys at once"
            }
            Self::Lock => "others hold its keys all the time: try again later, or split it up",
        };
        Refusal::limit(format!("given up after {rounds} rounds: {why}"))
    }
}

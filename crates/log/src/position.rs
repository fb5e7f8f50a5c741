//! Where in the log, counted in bytes, commits stand: how much of it a replay would read.
//!
//! Knows no file. Bounded: one mark for each MiB of log that is not yet trimmed.

use std::collections::VecDeque;

use base::Sequence;

const STEP_BYTES: u64 = 1 << 20;

/// Marks along the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    end: u64,
    marks: VecDeque<Mark>,
}

/// All commits up to `last` stand before `position`.
#[derive(Clone, Copy, Debug)]
struct Mark {
    last: Sequence,
    position: u64,
}

impl Marks {
    /// Begins counting behind the commit `last`.
    pub(crate) fn new(last: Sequence) -> Self {
        Self { end: 0, marks: VecDeque::from([Mark { last, position: 0 }]) }
    }

    /// Counts `bytes` more, after which `last` is the last commit.
    pub(crate) fn advance(&mut self, bytes: u64, last: Sequence) {
        self.end += bytes;
        if self.marks.back().is_none_or(|mark| self.end - mark.position >= STEP_BYTES) {
            self.marks.push_back(Mark { last, position: self.end });
        }
    }

    /// Forgets what only concerns commits up to `through`.
    pub(crate) fn trim(&mut self, through: Sequence) {
        while self.marks.get(1).is_some_and(|mark| mark.last <= through) {
            self.marks.pop_front();
        }
    }

    /// How many bytes hold what is above `after`: at most [`STEP_BYTES`] and a frame too many.
    pub(crate) fn bytes_after(&self, after: Sequence, last: Sequence) -> u64 {
        if after >= last {
            return 0;
        }
        let below = self.marks.partition_point(|mark| mark.last <= after);
        let mark = below.checked_sub(1).and_then(|at| self.marks.get(at));
        self.end - mark.map_or(0, |mark| mark.position)
    }
}

#[cfg(test)]
mod tests;

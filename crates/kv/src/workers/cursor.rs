//! Where a worker goes on in rows that it removes in order.
//!
//! What was removed leaves markers until they have been merged away, and a scan passes each of them. One that began
//! at the start every time would take the longer the more was done.

use std::ops::Bound;
use std::time::Duration;

use base::Monotonic;
use tables::{Rows, View};

/// So often it begins at the start again: there may be new rows behind it.
const REWIND_INTERVAL: Duration = Duration::from_secs(1);

/// But after so many times what that took last.
const REWIND_SHARE: u32 = 30;

/// A place between keys, at first before all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    /// The last key that was done with; empty before the first.
    passed: Vec<u8>,
    /// The last of all that ever were.
    furthest: Vec<u8>,
    rewind_at: Monotonic,
}

impl Cursor {
    /// The rows of a range that lie behind this place.
    pub(super) fn rows<'a>(&self, view: &'a dyn View, from: &[u8], to: &[u8]) -> Rows<'a> {
        let start = if *self.passed >= *from {
            Bound::Excluded(&*self.passed)
        } else {
            Bound::Included(from)
        };
        view.range(start, Bound::Excluded(to))
    }

    /// Puts it behind a key.
    pub(super) fn pass(&mut self, key: &[u8]) {
        self.passed.clear();
        self.passed.extend_from_slice(key);
        if self.furthest < self.passed {
            self.furthest.clone_from(&self.passed);
        }
    }

    /// There was nothing behind it: it goes on where it once was furthest.
    pub(super) fn meet_end(&mut self) {
        self.passed.clone_from(&self.furthest);
    }

    /// Puts it before all keys, if it is time for that; whether it was.
    pub(super) fn rewind(&mut self, now: Monotonic) -> bool {
        let is_due = now >= self.rewind_at;
        if is_due {
            self.passed.clear();
            self.rewind_at = now + REWIND_INTERVAL;
        }
        is_due
    }

    /// Takes note of how long the scan took that began at the start, and until when.
    pub(super) fn rewound(&mut self, took: Duration, now: Monotonic) {
        self.rewind_at = now + (took * REWIND_SHARE).max(REWIND_INTERVAL);
    }
}

#[cfg(test)]
mod tests;

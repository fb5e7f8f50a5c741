//! The memory of replies that were not written to their client yet.
//!
//! Invariant: it is charged, to the budget that requests are charged to, before it is taken, but for a
//! little that every connection has.

use std::sync::Arc;

use kv::{Allowance, Refusal};
use parking_lot::Mutex;

use crate::budget::{Budget, Share, Spent};

/// Bytes of replies that are not charged.
const FREE_BYTES: usize = 64 << 10;

/// A buffer that grows is copied: for a moment there are both.
const COPIES: usize = 2;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Outgoing {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    share: Share,
    bytes: usize,
}

impl Outgoing {
    pub(crate) const fn new(budget: Arc<Budget>) -> Self {
        Self { state: Mutex::new(State { share: Share::new(budget), bytes: 0 }) }
    }

    /// There are so many bytes of replies now, and no more.
    pub(crate) fn restart(&self, bytes: usize) {
        let mut state = self.state.lock();
        if bytes <= FREE_BYTES && state.bytes <= FREE_BYTES {
            return;
        }
        // They are there, whether there is room or not; what more is asked for is refused.
        let _there = state.resize(bytes);
    }

    /// There are so many bytes of replies now.
    ///
    /// # Errors
    /// They are more than there is room for.
    pub(crate) fn grow_to(&self, bytes: usize) -> Result<(), Spent> {
        let mut state = self.state.lock();
        if bytes > state.bytes { state.resize(bytes) } else { Ok(()) }
    }
}

impl State {
    fn resize(&mut self, bytes: usize) -> Result<(), Spent> {
        let charged = if bytes <= FREE_BYTES { 0 } else { bytes.saturating_mul(COPIES) };
        self.share.resize(charged)?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Allowance for Outgoing {
    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        let sum = state.bytes.saturating_add(bytes);
        state.resize(sum).map_err(|spent| Refusal::limit(text(spent)))
    }
}

/// What a client is told whose reply there is no room for.
pub(crate) fn text(Spent { bytes_max }: Spent) -> String {
    format!(
        "requests and replies under way over all connections take {} MiB of memory, the most there is for \
         them: ask for less at a time, or try again later",
        bytes_max >> 20
    )
}

#[cfg(test)]
mod tests;

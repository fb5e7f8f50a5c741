//! What readers see: the newest visible batch, and the older states that open views hold on to.
//!
//! Numbers here are the tree's own: a reader at `n` sees the rows with numbers below `n`. They come
//! from one counter that the tree draws on too, for every change of its tables, and never leave
//! this crate.
//!
//! Invariants:
//! 1. `visible` never goes back, and never reaches the number of a batch that is not wholly in.
//! 2. Whoever reads is registered: the watermark is not above any open snapshot. (The tree frees
//!    what is below the watermark, and panics when asked for it.)

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Sequence;
use parking_lot::Mutex;

#[derive(Debug)]
struct State {
    visible: u64,
    applied: Sequence,
    /// How many snapshots are open at each number.
    open: BTreeMap<u64, u64>,
}

/// The newest visible state and the open snapshots.
#[derive(Debug)]
pub(super) struct Horizon {
    state: Mutex<State>,
}

impl Horizon {
    pub(super) fn new(visible: u64, applied: Sequence) -> Self {
        Self { state: Mutex::new(State { visible, applied, open: BTreeMap::new() }) }
    }

    /// Makes everything below `visible` seen, and `applied` with it.
    pub(super) fn publish(&self, visible: u64, applied: Sequence) {
        let mut state = self.state.lock();
        state.visible = state.visible.max(visible);
        state.applied = applied;
    }

    /// Moves on to `visible` while no batch is under way, so that what was numbered since the last
    /// batch, changes of the tables, takes effect for readers.
    pub(super) fn advance(&self, visible: u64) {
        let mut state = self.state.lock();
        state.visible = state.visible.max(visible);
    }

    /// Registers a reader of the newest state.
    pub(super) fn open(self: &Arc<Self>) -> Snapshot {
        let mut state = self.state.lock();
        let (at, applied) = (state.visible, state.applied);
        *state.open.entry(at).or_default() += 1;
        drop(state);
        Snapshot { horizon: Arc::clone(self), at, applied }
    }

    /// No reader, now or later, looks at a state before this one.
    pub(super) fn watermark(&self) -> u64 {
        let state = self.state.lock();
        state.open.keys().next().map_or(state.visible, |&oldest| oldest.min(state.visible))
    }

    /// How many snapshots are open.
    pub(super) fn readers(&self) -> u64 {
        self.state.lock().open.values().sum()
    }
}

/// A registered reader; dropping it gives its state free.
#[derive(Debug)]
pub(super) struct Snapshot {
    horizon: Arc<Horizon>,
    /// Rows with numbers below this one are seen.
    pub(super) at: u64,
    /// The last commit in it.
    pub(super) applied: Sequence,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let mut state = self.horizon.state.lock();
        if let Some(count) = state.open.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                state.open.remove(&self.at);
            }
        }
    }
}

//! How long something has been in the log without a sync, for whom nobody waits: relaxed namespaces promise a bound.

use base::Monotonic;

use crate::primitives::Mutex;

/// Since when there has been something in the log that no sync has taken up.
#[derive(Debug, Default)]
pub(crate) struct Unsynced(Mutex<Option<Monotonic>>);

impl Unsynced {
    /// Something was written, and is not announced yet.
    pub(crate) fn note(&self, now: impl FnOnce() -> Monotonic) {
        self.0.lock().get_or_insert_with(now);
    }

    pub(crate) fn since(&self) -> Option<Monotonic> {
        *self.0.lock()
    }

    /// A sync is about to take up all of it.
    pub(crate) fn clear(&self) {
        *self.0.lock() = None;
    }
}

//! How a worker is told that there is something to do.

use std::time::Duration;

use crate::primitives::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering};

/// A flag that wakes one of those who wait for it. Raising one that is raised, or that nobody waits
/// for, costs one or two atomic operations and no system call.
#[derive(Debug, Default)]
pub struct Signal {
    raised: AtomicBool,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Signal {
    /// Says that there is something to do.
    pub fn raise(&self) {
        // Both orders are sequentially consistent: either the waiter sees the flag or we see the waiter.
        if !self.raised.swap(true, Ordering::SeqCst) && self.waiting.load(Ordering::SeqCst) > 0 {
            // Taken so that a waiter is either before its check of the flag or already asleep.
            drop(self.lock.lock());
            self.changed.notify_one();
        }
    }

    /// Waits until it is raised or the time has passed, and takes it down; whether it was raised.
    pub fn wait(&self, at_most: Duration) -> bool {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.lock.lock();
        let mut raised = self.take();
        if !raised {
            self.changed.wait_for(&mut guard, at_most);
            raised = self.take();
        }
        drop(guard);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        raised
    }

    /// Takes it down; whether it was raised.
    pub fn take(&self) -> bool {
        self.raised.swap(false, Ordering::SeqCst)
    }
}

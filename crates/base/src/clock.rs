//! Time as the store sees it. Durations are measured on the monotonic clock; store time is what
//! users' deadlines are compared with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time since an arbitrary fixed point; never goes back.
pub type Monotonic = Duration;

/// Milliseconds since the Unix epoch, as the store counts them: never goes backwards, also across
/// restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreTime(pub u64);

/// The machine's clocks. Implemented by `app` over the real ones and by `sim` over simulated ones.
pub trait Clock: Send + Sync {
    /// Time since an arbitrary fixed point; never goes back.
    fn monotonic(&self) -> Monotonic;

    /// Time since the Unix epoch by the wall clock, which may jump either way.
    fn wall(&self) -> Duration;

    /// Whole milliseconds since the Unix epoch by the wall clock.
    fn wall_ms(&self) -> u64 {
        u64::try_from(self.wall().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Clocks that move only when they are told to, for models and tests: both by the same step, and the wall
/// clock shows [`HandClock::BEGIN_MS`] at first.
#[derive(Debug, Default)]
pub struct HandClock {
    ms: AtomicU64,
    /// Milliseconds that pass whenever it is read.
    creep_ms: AtomicU64,
}

impl HandClock {
    /// When it begins: 2026-01-01.
    pub const BEGIN_MS: u64 = 1_767_225_600_000;

    /// Lets milliseconds pass.
    pub fn turn(&self, ms: u64) {
        self.ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Has milliseconds pass whenever the monotonic clock is read, as they do for whoever is busy.
    pub fn creep(&self, ms: u64) {
        self.creep_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn monotonic(&self) -> Monotonic {
        let creep_ms = self.creep_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.ms.fetch_add(creep_ms, Ordering::Relaxed))
    }

    fn wall(&self) -> Duration {
        Duration::from_millis(Self::BEGIN_MS) + self.monotonic()
    }
}

//! The machine's clocks, moved by hand.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Monotonic};

/// When every simulation begins: 2026-01-01.
const EPOCH_MS: u64 = 1_767_225_600_000;

/// A monotonic clock that only moves when it is told to, and a wall clock that may be elsewhere.
#[derive(Debug, Default)]
pub struct MachineClock {
    micros: AtomicU64,
    /// Wall clock minus what it should be.
    wall_ahead_ms: AtomicI64,
    /// Thousandths that the wall clock goes too fast, or too slow.
    drift: AtomicI64,
    /// A planted defect: what is asked for as monotonic follows the wall.
    confused: AtomicBool,
}

impl MachineClock {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Sets the wall clock forward, or back.
    pub fn jump(&self, ms: i64) {
        self.wall_ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Has the wall clock go faster by so many thousandths, or slower, from the beginning on.
    pub fn drift(&self, thousandths: i64) {
        self.drift.store(thousandths, Ordering::Relaxed);
    }

    /// Makes what is read as monotonic follow the wall.
    pub fn confuse(&self) {
        self.confused.store(true, Ordering::Relaxed);
    }

    /// The time that has really passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

impl Clock for MachineClock {
    fn monotonic(&self) -> Monotonic {
        if self.confused.load(Ordering::Relaxed) {
            return self.wall();
        }
        self.elapsed()
    }

    fn wall(&self) -> Duration {
        let passed_ms = i64::try_from(self.elapsed().as_millis()).unwrap_or(i64::MAX);
        let drifted_ms = passed_ms.saturating_mul(self.drift.load(Ordering::Relaxed)) / 1000;
        let ahead_ms = self.wall_ahead_ms.load(Ordering::Relaxed) + drifted_ms;
        Duration::from_millis(EPOCH_MS.saturating_add_signed(ahead_ms)) + self.elapsed()
    }
}

//! Store time: the wall clock at open plus monotonic time since, pulled gently towards the wall clock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use base::{Monotonic, StoreTime};

/// At most one millisecond in this many is given or taken while running.
const SLEW_DIVISOR: i64 = 100;

/// A difference from the wall clock above this is told, in milliseconds.
pub(crate) const SKEW_TOLD_MS: i64 = 1000;

/// The store's clock. It never goes back and never jumps while the store is open.
#[derive(Debug)]
pub(crate) struct StoreClock {
    /// Store time minus monotonic time.
    offset: AtomicI64,
    /// The latest time given out.
    latest: AtomicU64,
    /// Monotonic time of the last correction.
    corrected: AtomicI64,
}

fn millis(now: Monotonic) -> i64 {
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX / 2)
}

/// A millisecond that has begun counts: what a client has just read from the machine's clock is not to be in the future.
fn millis_begun(now: Monotonic) -> i64 {
    i64::try_from(now.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 2)
}

impl StoreClock {
    /// Starts at the wall clock, or at `least` if that is later.
    pub(crate) fn new(now: Monotonic, wall_ms: u64, least: StoreTime) -> Self {
        let start = wall_ms.max(least.0);
        let offset = i64::try_from(start).unwrap_or(i64::MAX / 2) - millis(now);
        Self {
            offset: AtomicI64::new(offset),
            latest: AtomicU64::new(start),
            corrected: AtomicI64::new(millis(now)),
        }
    }

    /// The time at `now`.
    pub(crate) fn at(&self, now: Monotonic) -> StoreTime {
        let time =
            u64::try_from(millis_begun(now) + self.offset.load(Ordering::Relaxed)).unwrap_or(0);
        // Most calls within a millisecond end here, with a read and no write to a shared line.
        let latest = self.latest.load(Ordering::Relaxed);
        if time <= latest {
            return StoreTime(latest);
        }
        StoreTime(self.latest.fetch_max(time, Ordering::Relaxed).max(time))
    }

    /// How far the wall clock is ahead, in milliseconds.
    pub(crate) fn skew(&self, now: Monotonic, wall_ms: u64) -> i64 {
        i64::try_from(wall_ms).unwrap_or(i64::MAX / 2)
            - (millis(now) + self.offset.load(Ordering::Relaxed))
    }

    /// Moves towards the wall clock by at most a hundredth of the time since the last call, and
    /// returns how far the wall clock is ahead, in milliseconds.
    pub(crate) fn correct(&self, now: Monotonic, wall_ms: u64) -> i64 {
        let now_ms = millis(now);
        let skew = self.skew(now, wall_ms);
        let most = (now_ms - self.corrected.load(Ordering::Relaxed)) / SLEW_DIVISOR;
        if most > 0 {
            self.corrected.store(now_ms, Ordering::Relaxed);
            self.offset.fetch_add(skew.clamp(-most, most), Ordering::Relaxed);
        }
        skew
    }
}

#[cfg(test)]
mod tests;

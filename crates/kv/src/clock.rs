//! Store time: the wall clock at open plus monotonic time since, pulled gently towards the wall clock.
//!
//! It is counted in microseconds and told in whole milliseconds, as a client that reads the machine's clock tells
//! them: of two clocks that were each rounded, one could lag the other by a millisecond, and a deadline that a client
//! has just computed would look further away than what it asked for.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Monotonic, StoreTime};

/// At most one part in this many is given or taken while running.
const SLEW_DIVISOR: i64 = 100;

/// Time without a correction that counts for the next, in microseconds: so that store time is moved by a millisecond at
/// most at once, however late the correction comes, and a lease of 20 ms does not lose half of itself to one.
const COUNTED_MAX: i64 = 100 * MICROS_PER_MS;

/// A difference from the wall clock above this is told, in milliseconds.
pub(crate) const SKEW_TOLD_MS: i64 = 1000;

const MICROS_PER_MS: i64 = 1_000;

/// The store's clock. It never goes back and never jumps while the store is open.
#[derive(Debug)]
pub(crate) struct StoreClock {
    /// Store time minus monotonic time, in microseconds.
    offset: AtomicI64,
    /// The latest time given out, in milliseconds.
    latest: AtomicU64,
    /// Monotonic time of the last correction, in microseconds.
    corrected: AtomicI64,
}

/// The machine's two clocks, read one right after the other: the monotonic one first, so that what lies between
/// them lets store time be ahead of the wall clock by it, and never behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    now: Monotonic,
    wall: Duration,
}

impl Reading {
    pub(crate) fn of(machine: &dyn Clock) -> Self {
        let now = machine.monotonic();
        Self { now, wall: machine.wall() }
    }
}

/// Whole microseconds, up to the year 150,000.
fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 2)
}

/// The same, where one that has begun counts: so that what is cut off of other readings does not let store time lag.
fn micros_begun(time: Duration) -> i64 {
    micros(time.saturating_add(Duration::from_nanos(999)))
}

impl StoreClock {
    /// Starts at the wall clock, or at `least` if that is later.
    pub(crate) fn new(read: Reading, least: StoreTime) -> Self {
        let start = read.wall.max(Duration::from_millis(least.0));
        Self {
            offset: AtomicI64::new(micros_begun(start) - micros(read.now)),
            latest: AtomicU64::new(u64::try_from(start.as_millis()).unwrap_or(0)),
            corrected: AtomicI64::new(micros(read.now)),
        }
    }

    /// The time at `now`.
    pub(crate) fn at(&self, now: Monotonic) -> StoreTime {
        let time = (micros_begun(now) + self.offset.load(Ordering::Relaxed)) / MICROS_PER_MS;
        let time = u64::try_from(time).unwrap_or(0);
        // Most calls within a millisecond end here, with a read and no write to a shared line.
        let latest = self.latest.load(Ordering::Relaxed);
        if time <= latest {
            return StoreTime(latest);
        }
        StoreTime(self.latest.fetch_max(time, Ordering::Relaxed).max(time))
    }

    /// How far the wall clock is ahead, in milliseconds.
    pub(crate) fn skew_ms(&self, read: Reading) -> i64 {
        self.skew_micros(read) / MICROS_PER_MS
    }

    fn skew_micros(&self, read: Reading) -> i64 {
        micros_begun(read.wall) - (micros(read.now) + self.offset.load(Ordering::Relaxed))
    }

    /// Moves towards the wall clock by at most a hundredth of the time since the last call, of which 100 ms count, and
    /// returns how far the wall clock was ahead, in milliseconds.
    pub(crate) fn correct(&self, read: Reading) -> i64 {
        let now = micros(read.now);
        let skew = self.skew_micros(read);
        let since = now - self.corrected.load(Ordering::Relaxed);
        let most = since.min(COUNTED_MAX) / SLEW_DIVISOR;
        if most > 0 {
            self.corrected.store(now, Ordering::Relaxed);
            self.offset.fetch_add(skew.clamp(-most, most), Ordering::Relaxed);
        }
        skew / MICROS_PER_MS
    }
}

#[cfg(test)]
mod tests;

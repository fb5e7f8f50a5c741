//! Time as the store sees it. Durations are measured on the monotonic clock; store time is what
//! users' deadlines are compared with.

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

    /// Milliseconds since the Unix epoch by the wall clock, which may jump either way.
    fn wall_ms(&self) -> u64;
}

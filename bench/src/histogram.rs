//! Latencies, counted in buckets that are at most a sixty-fourth of their value wide.

use std::time::Duration;

/// Buckets for each doubling of the value.
const STEPS: usize = 64;

/// Nanoseconds of up to 2^40, which is 18 minutes; longer ones count as that.
const BUCKETS: usize = STEPS * 35;

/// See the module's description.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0 }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, latency: Duration) {
        self.record_times(latency, 1);
    }

    /// Counts the same latency several times.
    pub(crate) fn record_times(&mut self, latency: Duration, times: u64) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)] += times;
        self.count += times;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The latency that a share of all did not exceed, in microseconds; not a number if there is none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is between 1 and the count"
    )]
    pub(crate) fn micros(&self, share: f64) -> f64 {
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper(at) as f64 / 1e3;
            }
        }
        f64::NAN
    }
}

fn bucket(nanos: u64) -> usize {
    let doublings = (u64::BITS - nanos.leading_zeros()).saturating_sub(STEPS.ilog2() + 1);
    let step = usize::try_from(nanos >> doublings).unwrap_or(0);
    (doublings as usize * STEPS + step).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    let doublings = (bucket / STEPS).saturating_sub(1);
    let step = (bucket - doublings * STEPS) as u64;
    ((step + 1) << doublings) - 1
}

#[cfg(test)]
mod tests;

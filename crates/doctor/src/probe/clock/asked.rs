//! How far the clock is of whoever is asked what time it is.

use super::ntp::{now_us, up_us};
use crate::snapshot::{Offset, Probed};

/// Asks, and takes the time of that by the wall clock and by one that nobody sets. The answer is in microseconds since 1970.
pub(in crate::probe) async fn offset(ask: impl Future<Output = Probed<i64>>) -> Probed<Offset> {
    let (left, began) = (now_us(), up_us());
    let told = ask.await;
    let (came, ended) = (now_us(), up_us());
    let delay_us = ended.abs_diff(began);
    told.and_then(|told| Offset::between(left, told, came, delay_us))
}

#[cfg(test)]
mod tests;

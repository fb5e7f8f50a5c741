//! What goes over the network.

use std::time::Duration;

use crate::check::Check;
use crate::snapshot::Window;

mod h14;
mod h15;
mod h16;
mod h17;
mod h18;
mod h19;
mod h20;
mod h21;
mod h22;
mod h33;
mod h37;
mod h38;
mod h39;
mod h40;
mod h41;
mod h42;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[
    &h14::CHECK,
    &h15::CHECK,
    &h16::CHECK,
    &h17::CHECK,
    &h18::CHECK,
    &h19::CHECK,
    &h20::CHECK,
    &h21::CHECK,
    &h22::CHECK,
    &h33::CHECK,
    &h37::CHECK,
    &h38::CHECK,
    &h39::CHECK,
    &h40::CHECK,
    &h41::CHECK,
    &h42::CHECK,
];

/// How long a window is, in milliseconds.
fn milliseconds(window: &Window<'_>) -> u64 {
    let long = Duration::try_from_secs_f64(window.seconds()).unwrap_or_default();
    u64::try_from(long.as_millis()).unwrap_or(u64::MAX)
}

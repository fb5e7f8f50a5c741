//! Processes, and what they hold.

use crate::check::Check;

mod h11;
mod h12;
mod h13;
mod h26;
mod h45;
mod n06;
mod n07;

/// In the order of their ids.
pub(super) const ALL: &[&Check] =
    &[&h11::CHECK, &h12::CHECK, &h13::CHECK, &h26::CHECK, &h45::CHECK, &n06::CHECK, &n07::CHECK];

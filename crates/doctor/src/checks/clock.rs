//! Clocks, and what keeps them right.

use crate::check::Check;

mod h23;
mod h24;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&h23::CHECK, &h24::CHECK];

/// Milliseconds as people say them.
pub(super) fn ms(ms: u64) -> String {
    if ms < 10_000 { format!("{ms} ms") } else { format!("{} s", ms / 1_000) }
}

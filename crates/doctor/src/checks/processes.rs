//! Processes, and what they hold.

use crate::check::Check;

mod h12;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&h12::CHECK];

//! What goes over the network.

use crate::check::Check;

mod h14;
mod h22;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&h14::CHECK, &h22::CHECK];

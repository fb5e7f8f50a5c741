//! Names and resolvers.

use crate::check::Check;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[];

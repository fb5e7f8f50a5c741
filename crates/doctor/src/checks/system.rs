//! The kernel, its settings, and what is started on it.

use crate::check::Check;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[];

//! The kernel, its settings, and what is started on it.

use super::Lab;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[];

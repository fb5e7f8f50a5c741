//! The kernel, its settings, and what is started on it.

use crate::snapshot::System;

/// Looks at them.
pub(super) fn look(_deep: bool) -> System {
    System {}
}

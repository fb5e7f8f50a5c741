//! Processes, and what they hold.

use crate::snapshot::Processes;

mod descriptors;
mod servers;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Processes {
    Processes { descriptors: descriptors::look(), servers: servers::look() }
}

//! Memory, swap and the scheduler.

use crate::snapshot::Memory;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Memory {
    Memory {}
}

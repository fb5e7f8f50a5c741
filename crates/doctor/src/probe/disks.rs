//! File systems, and the disks below them.

use crate::snapshot::Disks;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Disks {
    Disks {}
}

//! Control groups.

use crate::snapshot::Cgroups;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Cgroups {
    Cgroups {}
}

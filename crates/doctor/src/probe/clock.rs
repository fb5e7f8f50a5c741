//! Clocks.

use crate::snapshot::Clocks;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Clocks {
    Clocks {}
}

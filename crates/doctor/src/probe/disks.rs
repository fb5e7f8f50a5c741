//! File systems, and the disks below them.

use crate::snapshot::Disks;

mod devices;
mod health;
pub(super) mod mounts;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Disks {
    Disks { mounts: mounts::look(), devices: devices::look(), health: health::look() }
}

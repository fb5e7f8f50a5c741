//! etcd.

use super::Lab;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[];

//! etcd.

use crate::check::Check;

mod c13;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&c13::CHECK];

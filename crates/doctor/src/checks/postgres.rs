//! PostgreSQL.

use crate::check::Check;

mod p01;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&p01::CHECK];

//! PgBouncer.

use crate::check::Check;

mod x01;
mod x03;
mod x04;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&x01::CHECK, &x03::CHECK, &x04::CHECK];

//! Between systems.

use crate::check::Check;

mod b01;
mod b04;
mod b08;
mod b10;
mod b14;
mod facts;

/// In the order of their ids.
pub(super) const ALL: &[&Check] =
    &[&b01::CHECK, &b04::CHECK, &b08::CHECK, &b10::CHECK, &b14::CHECK];

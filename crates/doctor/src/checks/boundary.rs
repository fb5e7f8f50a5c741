//! Between systems.

use crate::check::Check;

mod b01;
mod b02;
mod b03;
mod b04;
mod b06;
mod b08;
mod b09;
mod b10;
mod b11;
mod b12;
mod b14;
mod b16;
mod b17;
mod b18;
mod b20;
mod b21;
pub(super) mod facts;
mod pool;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[
    &b01::CHECK,
    &b02::CHECK,
    &b03::CHECK,
    &b04::CHECK,
    &b06::CHECK,
    &b08::CHECK,
    &b09::CHECK,
    &b10::CHECK,
    &b11::CHECK,
    &b12::CHECK,
    &b14::CHECK,
    &b16::CHECK,
    &b17::CHECK,
    &b18::CHECK,
    &b20::CHECK,
    &b21::CHECK,
];

//! Redis and Valkey.

use crate::check::Check;

#[cfg(test)]
mod ground;
mod r01;
mod r02;
mod r03;
mod r04;
mod r05;
mod r06;
mod r07;
mod r08;
mod r09;
mod r10;
mod r11;
mod r12;
mod r13;
mod r15;
mod r16;
mod r17;
mod r18;
mod r19;
mod r20;
mod r21;
mod signs;
mod words;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[
    &r01::CHECK,
    &r02::CHECK,
    &r03::CHECK,
    &r04::CHECK,
    &r05::CHECK,
    &r06::CHECK,
    &r07::CHECK,
    &r08::CHECK,
    &r09::CHECK,
    &r10::CHECK,
    &r11::CHECK,
    &r12::CHECK,
    &r13::CHECK,
    &r15::CHECK,
    &r16::CHECK,
    &r17::CHECK,
    &r18::CHECK,
    &r19::CHECK,
    &r20::CHECK,
    &r21::CHECK,
];

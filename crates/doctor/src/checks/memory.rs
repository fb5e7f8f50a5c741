//! Memory, swap and the scheduler.

use crate::check::Check;

mod h01;
mod h02;
mod h03;
mod h04;
mod h05;
mod h07;
mod h09;
mod h35;
mod h43;
mod h48;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[
    &h01::CHECK,
    &h02::CHECK,
    &h03::CHECK,
    &h04::CHECK,
    &h05::CHECK,
    &h07::CHECK,
    &h09::CHECK,
    &h35::CHECK,
    &h43::CHECK,
    &h48::CHECK,
];

/// A size as people say it: `64 MiB`, `11 GiB`.
pub(super) fn mib(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    if bytes >= 10 * GIB { format!("{} GiB", bytes / GIB) } else { format!("{} MiB", bytes >> 20) }
}

//! Memory, swap and the scheduler.

use super::Lab;

mod h01;
mod h02;
mod h03;
mod h04;
mod h05;
mod h07;
mod h35;
mod h43;
mod h48;
mod redis;
pub(super) mod setting;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "H01", run: h01::run },
    Lab { id: "H02", run: h02::run },
    Lab { id: "H03", run: h03::run },
    Lab { id: "H04", run: h04::run },
    Lab { id: "H05", run: h05::run },
    Lab { id: "H07", run: h07::run },
    Lab { id: "H35", run: h35::run },
    Lab { id: "H43", run: h43::run },
    Lab { id: "H48", run: h48::run },
];

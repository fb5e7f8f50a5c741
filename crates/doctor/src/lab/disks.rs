//! File systems and disks.

use super::Lab;

mod b16;
mod flushes;
mod h25;
mod h28;
mod h29;
mod h30;
mod h31;
mod h46;

pub(super) mod image;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "H25", run: h25::run },
    Lab { id: "H28", run: h28::run },
    Lab { id: "H30", run: h30::run },
    Lab { id: "B16", run: b16::run },
    Lab { id: "H29", run: h29::run },
    Lab { id: "H31", run: h31::run },
    Lab { id: "H46", run: h46::run },
];

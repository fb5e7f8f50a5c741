//! Processes, and what they hold.

use super::Lab;

mod h11;
mod h12;
mod h13;
mod h26;
mod h45;
mod n06;
mod n07;
pub(super) mod redis;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "H11", run: h11::run },
    Lab { id: "H12", run: h12::run },
    Lab { id: "H13", run: h13::run },
    Lab { id: "H26", run: h26::run },
    Lab { id: "H45", run: h45::run },
    Lab { id: "N06", run: n06::run },
    Lab { id: "N07", run: n07::run },
];

//! Control groups, of version 1 and 2.

use super::Lab;

mod group;
mod h06;
mod h08;
mod h34;
mod h36;

pub(super) use group::{Group, MIB, Program};
pub(super) use h06::take;
pub(super) use h34::Tmpfs;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "H06", run: h06::run },
    Lab { id: "H08", run: h08::run },
    Lab { id: "H34", run: h34::run },
    Lab { id: "H36", run: h36::run },
];

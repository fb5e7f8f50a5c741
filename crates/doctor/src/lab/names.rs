//! Names and resolvers.

use super::Lab;

mod n01;
mod n02;
mod n03;
mod n11;
pub(super) mod room;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "N01", run: n01::run },
    Lab { id: "N02", run: n02::run },
    Lab { id: "N03", run: n03::run },
    Lab { id: "N11", run: n11::run },
];

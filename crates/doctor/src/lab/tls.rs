//! Certificates.

use super::Lab;

mod authority;
mod n04;
mod n05;
mod n09;
mod n10;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "N04", run: n04::run },
    Lab { id: "N05", run: n05::run },
    Lab { id: "N09", run: n09::run },
    Lab { id: "N10", run: n10::run },
];

//! What goes over the network.

use super::Lab;

mod b20;
mod h14;
mod h15;
mod h16;
mod h17;
mod h18;
mod h19;
mod h20;
mod h21;
mod h22;
mod h33;
mod h37;
mod h38;
mod h39;
mod h40;
mod h41;
mod h42;
mod link;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "B20", run: b20::run },
    Lab { id: "H14", run: h14::run },
    Lab { id: "H15", run: h15::run },
    Lab { id: "H16", run: h16::run },
    Lab { id: "H17", run: h17::run },
    Lab { id: "H18", run: h18::run },
    Lab { id: "H19", run: h19::run },
    Lab { id: "H20", run: h20::run },
    Lab { id: "H21", run: h21::run },
    Lab { id: "H22", run: h22::run },
    Lab { id: "H33", run: h33::run },
    Lab { id: "H37", run: h37::run },
    Lab { id: "H38", run: h38::run },
    Lab { id: "H39", run: h39::run },
    Lab { id: "H40", run: h40::run },
    Lab { id: "H41", run: h41::run },
    Lab { id: "H42", run: h42::run },
];

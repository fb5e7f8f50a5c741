//! What goes over the network.

use super::Lab;

mod h14;
mod h22;

/// In the order of their ids.
pub(super) const ALL: &[Lab] =
    &[Lab { id: "H14", run: h14::run }, Lab { id: "H22", run: h22::run }];

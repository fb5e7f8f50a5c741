//! The kernel, its settings, and what is started on it.

use super::Lab;

mod h32;
mod h44;
mod h47;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "H32", run: h32::run },
    Lab { id: "H44", run: h44::run },
    Lab { id: "H47", run: h47::run },
];

//! PgBouncer.

use super::Lab;

mod server;
mod x01;
mod x03;
mod x04;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "X01", run: x01::run },
    Lab { id: "X03", run: x03::run },
    Lab { id: "X04", run: x04::run },
];

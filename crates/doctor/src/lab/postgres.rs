//! PostgreSQL.

use super::Lab;

mod p01;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[Lab { id: "P01", run: p01::run }];

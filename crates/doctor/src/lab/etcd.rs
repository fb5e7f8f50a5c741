//! etcd.

use super::Lab;

mod c13;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[Lab { id: "C13", run: c13::run }];

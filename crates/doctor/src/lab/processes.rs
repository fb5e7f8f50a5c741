//! Processes, and what they hold.

use super::Lab;

mod h12;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[Lab { id: "H12", run: h12::run }];

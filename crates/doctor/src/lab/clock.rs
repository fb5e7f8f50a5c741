//! Clocks, and what keeps them right.

use super::Lab;

mod h23;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[Lab { id: "H23", run: h23::run }];

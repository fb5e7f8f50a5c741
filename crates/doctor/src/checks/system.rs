//! The kernel, its settings, and what is started on it.

use crate::check::{Blind, Check};
use crate::snapshot::System;

mod h32;
mod h44;
mod h47;
mod n08;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&h32::CHECK, &h44::CHECK, &h47::CHECK, &n08::CHECK];

/// What is configured here is meant for this kernel.
///
/// # Errors
/// In a container the kernel is that of another, and what is configured inside says nothing of it.
fn own_kernel(system: &System) -> Result<(), Blind> {
    if *system.sealed.seen()? {
        let why = "/proc/sys is read-only, as in a container: the kernel is configured elsewhere";
        return Err(Blind::OutOfPlace(why.to_owned()));
    }
    Ok(())
}

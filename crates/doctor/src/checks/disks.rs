//! File systems and disks.

use crate::check::{Blind, Check};
use crate::snapshot::{Mount, Window};

pub(super) mod flushes;
mod h25;
mod h28;
mod h29;
mod h30;
mod h31;
mod h46;

/// In the order of their ids.
pub(super) const ALL: &[&Check] =
    &[&h25::CHECK, &h28::CHECK, &h29::CHECK, &h30::CHECK, &h31::CHECK, &h46::CHECK];

/// The file systems of the second look, each once, however often it is mounted.
fn file_systems<'a>(window: &Window<'a>) -> Result<Vec<&'a Mount>, Blind> {
    let mounts = window.after.host.disks.seen()?.mounts.seen()?;
    let mut seen: Vec<&Mount> = Vec::new();
    for mount in mounts {
        if !seen.iter().any(|it| it.device == mount.device) {
            seen.push(mount);
        }
    }
    Ok(seen)
}

/// Bytes as people say them.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = UNITS.into_iter().find(|(_, bits)| bytes >> bits > 0);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(name, bits)| {
            let tenths = (u128::from(bytes) * 10) >> bits;
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        },
    )
}

#[cfg(test)]
mod tests;

//! Lines of `/etc/fstab` that are mounted at each start: fstab(5), systemd.mount(5).

use std::collections::BTreeSet;
use std::fs;

use crate::probe::disks::mounts;
use crate::probe::text;
use crate::snapshot::{Probed, Unmounted};

/// Sources that are a disk; others are mounted by programs of their own.
const DISKS: [&str; 5] = ["/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="];

/// Not mounted at a start, or only when they are used.
const LATER: [&str; 4] = ["noauto", "x-systemd.automount", "bind", "rbind"];

pub(super) fn look() -> Probed<Vec<Unmounted>> {
    text("/etc/fstab").and_then(|fstab| {
        text("/proc/thread-self/mountinfo").map(|mountinfo| {
            let mounted: BTreeSet<String> =
                mounts::parse(&mountinfo).into_iter().map(|it| it.point).collect();
            let mut lines = parse(&fstab);
            lines.retain(|it| !mounted.contains(&it.point) && !mounted.contains(&real(&it.point)));
            lines
        })
    })
}

/// Where a link leads: the kernel tells of that place.
fn real(point: &str) -> String {
    let path = fs::canonicalize(point);
    path.map_or_else(|_| point.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn parse(text: &str) -> Vec<Unmounted> {
    text.lines().filter_map(parse_line).collect()
}

/// None of a comment, of swap, and of what is not mounted at each start.
fn parse_line(line: &str) -> Option<Unmounted> {
    let mut fields = line.split_whitespace();
    let (source, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
    let options: Vec<&str> = fields.next().unwrap_or_default().split(',').collect();
    let is_disk = DISKS.iter().any(|it| source.starts_with(it));
    let is_later = LATER.iter().any(|it| options.contains(it));
    if !is_disk || is_later || kind == "swap" || !point.starts_with('/') {
        return None;
    }
    let point = point.replace("\\040", " ");
    let point = if point.len() > 1 { point.trim_end_matches('/').to_owned() } else { point };
    Some(Unmounted { source: source.to_owned(), point, nofail: options.contains(&"nofail") })
}

#[cfg(test)]
mod tests;

//! Disks and their parts: `/proc/diskstats`, whose fields `Documentation/admin-guide/iostats.rst` of Linux tells, and where they
//! lie, by `/sys/dev/block`.

use std::fs;
use std::path::Path;

use crate::probe::text;
use crate::snapshot::{Device, Probed};

/// Layers of disks on disks that are followed.
const LAYERS_MAX: u32 = 8;

pub(super) fn look() -> Probed<Vec<Device>> {
    text("/proc/diskstats").map(|text| {
        let mut devices = parse(&text);
        for device in &mut devices {
            let folder = format!("/sys/dev/block/{}", device.device);
            below(Path::new(&folder), LAYERS_MAX, &mut device.disks);
            device.rotates =
                match crate::probe::line(&format!("{folder}/queue/rotational")).as_str() {
                    "0" => Some(false),
                    "1" => Some(true),
                    _ => None,
                };
        }
        devices
    })
}

/// A line has the major and minor number, the name, and from 11 numbers before Linux 4.18 to 17 from 5.5 on.
fn parse(text: &str) -> Vec<Device> {
    let device = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [major, minor, name, counters @ ..] = fields.as_slice() else { return None };
        let counter = |at: usize| counters.get(at).and_then(|it| it.parse().ok());
        Some(Device {
            name: (*name).to_owned(),
            device: format!("{major}:{minor}"),
            flushes: counter(15),
            flush_ms: counter(16),
            ..Device::default()
        })
    };
    text.lines().filter_map(device).collect()
}

/// The kernel counts flushes for whole disks only, and none for what only maps blocks to others.
fn below(folder: &Path, layers: u32, found: &mut Vec<String>) {
    let Ok(real) = fs::canonicalize(folder) else { return };
    if real.join("partition").exists() {
        return real.parent().map_or((), |disk| below(disk, layers, found));
    }
    let slaves: Vec<_> =
        fs::read_dir(real.join("slaves")).into_iter().flatten().flatten().collect();
    if let (false, Some(left)) = (slaves.is_empty(), layers.checked_sub(1)) {
        return slaves.iter().for_each(|slave| below(&slave.path(), left, found));
    }
    if let Some(name) = real.file_name() {
        found.push(name.to_string_lossy().into_owned());
    }
}

#[cfg(test)]
mod tests;

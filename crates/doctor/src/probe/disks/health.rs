//! What hardware tells of itself in `/sys`: arrays, disks, memory, and disks of btrfs.
//!
//! Source: Linux `Documentation/admin-guide/md.rst`, `array_state`, `degraded`, `sync_action`; `drivers/nvme/host/sysfs.c`, `state`, and `hwmon.c`, where
//! `temp1_alarm` is the bit of the critical warning about heat; `drivers/scsi/scsi_sysfs.c`, `state`; `Documentation/admin-guide/RAS/main.rst`,
//! `ce_count` and `ue_count`; `Documentation/filesystems/btrfs` and `fs/btrfs/sysfs.c`, `error_stats`, which is there from 5.14 on.

use std::fs;
use std::path::{Path, PathBuf};

use crate::probe::{line, text, unseen};
use crate::snapshot::{Array, Drive, Health, MemoryController, Probed, Volume};

/// So many of each are looked at, at most.
const EACH_MAX: usize = 1_000;

pub(super) fn look() -> Probed<Health> {
    below(Path::new("/sys"))
}

fn below(sys: &Path) -> Probed<Health> {
    let blocks = sys.join("block");
    // Without it there is no /sys, which says nothing of the hardware.
    if let Err(error) = fs::read_dir(&blocks) {
        return unseen(&error, &blocks.to_string_lossy());
    }
    let blocks = entries(&blocks, "");
    let mut drives: Vec<Drive> = blocks.iter().filter_map(|it| scsi(it)).collect();
    drives.extend(entries(&sys.join("class/nvme"), "nvme").iter().filter_map(|it| nvme(it)));
    Probed::Seen(Health {
        arrays: blocks.iter().filter_map(|it| array(it)).collect(),
        drives,
        memory: entries(&sys.join("devices/system/edac/mc"), "mc")
            .iter()
            .map(|it| MemoryController {
                name: name(it),
                corrected: count(&it.join("ce_count")),
                uncorrected: count(&it.join("ue_count")),
            })
            .collect(),
        volumes: entries(&sys.join("fs/btrfs"), "").iter().flat_map(|it| volumes(it)).collect(),
    })
}

/// What is in a folder and begins with this, in order; nothing if it is not there.
fn entries(folder: &Path, begin: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = all.filter(|it| it.file_name().to_string_lossy().starts_with(begin));
    let mut found: Vec<PathBuf> = ours.take(EACH_MAX).map(|it| it.path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
}

fn word(path: &Path) -> String {
    line(&path.to_string_lossy())
}

fn count(path: &Path) -> Option<u64> {
    word(path).parse().ok()
}

fn array(block: &Path) -> Option<Array> {
    let folder = block.join("md");
    let state = word(&folder.join("array_state"));
    (!state.is_empty()).then(|| Array {
        name: name(block),
        level: word(&folder.join("level")),
        metadata: word(&folder.join("metadata_version")),
        state,
        // While its shape is changed, the old number stands behind the new one.
        disks: word(&folder.join("raid_disks"))
            .split_whitespace()
            .next()
            .and_then(|it| it.parse().ok())
            .unwrap_or(0),
        missing: count(&folder.join("degraded")),
        action: word(&folder.join("sync_action")),
    })
}

fn scsi(block: &Path) -> Option<Drive> {
    let is_scsi = name(block).starts_with("sd");
    let state = is_scsi.then(|| word(&block.join("device/state"))).filter(|it| !it.is_empty())?;
    Some(Drive { name: name(block), state, is_hot: None })
}

fn nvme(controller: &Path) -> Option<Drive> {
    let state = word(&controller.join("state"));
    if state.is_empty() {
        return None;
    }
    // To tell it, the disk is asked: one that does not work would not answer.
    let sensors = if state == "live" { entries(controller, "hwmon") } else { Vec::new() };
    let is_hot = sensors.iter().find_map(|it| count(&it.join("temp1_alarm"))).map(|it| it != 0);
    Some(Drive { name: name(controller), state, is_hot })
}

/// Each disk of a file system.
fn volumes(file_system: &Path) -> Vec<Volume> {
    let devices: Vec<String> =
        entries(&file_system.join("devices"), "").iter().map(|it| name(it)).collect();
    let volume = |folder: &PathBuf| {
        let told = text(&folder.join("error_stats").to_string_lossy());
        let pair = |line: &str| {
            let (name, count) = line.split_once(' ')?;
            Some((name.to_owned(), count.trim().parse().ok()?))
        };
        Some(Volume {
            id: name(file_system),
            disk: name(folder).parse().ok()?,
            devices: devices.clone(),
            errors: told.seen().ok()?.lines().filter_map(pair).collect(),
        })
    };
    entries(&file_system.join("devinfo"), "").iter().filter_map(volume).collect()
}

#[cfg(test)]
mod tests;

//! Takes away what labs left that were cut off.

use std::fs;

use super::{PREFIX, run};

/// Ends processes, unmounts and removes everything whose name begins with [`PREFIX`]: a line for each.
pub fn clean() -> Vec<String> {
    let mut told = Vec::new();
    let spaces = run("ip", &["netns", "list"]).unwrap_or_default();
    for name in spaces.lines().filter_map(|line| line.split_whitespace().next()) {
        if name.starts_with(PREFIX) && run("ip", &["netns", "del", name]).is_ok() {
            told.push(format!("network namespace {name}"));
        }
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for place in mounts.lines().rev().filter_map(|line| line.split_whitespace().nth(1)) {
        if place.contains(PREFIX) && run("umount", &[place]).is_ok() {
            told.push(format!("mount {place}"));
        }
    }
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && fs::remove_dir_all(entry.path()).is_ok() {
            told.push(format!("folder {}", entry.path().display()));
        }
    }
    told
}

//! Takes away what labs left that were cut off.

use std::fs;
use std::path::Path;

use super::{PREFIX, run};

/// Ends processes, unmounts and removes everything whose name begins with [`PREFIX`]: a line for each.
pub fn clean() -> Vec<String> {
    let mut told = processes();
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
    told.extend(swaps());
    for entry in fs::read_dir("/run/sysctl.d").into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && fs::remove_file(entry.path()).is_ok() {
            told.push(format!("file {}", entry.path().display()));
        }
    }
    told.extend(groups(Path::new("/sys/fs/cgroup"), 2));
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && fs::remove_dir_all(entry.path()).is_ok() {
            told.push(format!("folder {}", entry.path().display()));
        }
    }
    told
}

/// Those that were started with such a name, or work in a folder of such a name.
fn processes() -> Vec<String> {
    let mut told = Vec::new();
    let own = std::process::id();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let started = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let place = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let is_ours = String::from_utf8_lossy(&started).contains(PREFIX)
            || place.to_string_lossy().contains(PREFIX);
        if pid != own && is_ours && run("kill", &["-9", &pid.to_string()]).is_ok() {
            told.push(format!("process {pid}"));
        }
    }
    told
}

/// Files that are swap.
fn swaps() -> Vec<String> {
    let text = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let files = text.lines().filter_map(|line| line.split_whitespace().next());
    let ours = files.filter(|file| file.contains(PREFIX));
    ours.filter(|file| run("swapoff", &[file]).is_ok()).map(|file| format!("swap {file}")).collect()
}

/// Control groups: those of version 1 are a folder deeper than those of version 2.
fn groups(folder: &Path, depth: u32) -> Vec<String> {
    let mut told = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && remove(&entry.path()) {
            told.push(format!("control group {}", entry.path().display()));
        } else if !is_ours && depth > 1 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            told.extend(groups(&entry.path(), depth - 1));
        }
    }
    told
}

/// Ends what is in a group, and removes it with those below.
fn remove(group: &Path) -> bool {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let inside = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    for pid in inside.lines() {
        let _gone = run("kill", &["-9", pid]);
    }
    let empty = || fs::remove_dir(group).is_ok();
    // What was ended takes a moment to be gone.
    (0..40).any(|_| {
        let is_gone = empty();
        if !is_gone {
            std::thread::sleep(super::PAUSE);
        }
        is_gone
    })
}

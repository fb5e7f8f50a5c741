//! Deleted files that are open: what they take is free only once the last descriptor is closed.

use std::collections::BTreeMap;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use super::{DELETED, Open};
use crate::snapshot::{Deleted, Held, Process};

/// So many are told of, those that hold most.
const HELD_MAX: usize = 20;

/// `st_blocks` counts in these, whatever the file system.
const BLOCK: u64 = 512;

pub(super) fn look(open: &Open) -> Deleted {
    // A file that several descriptors of a process are of takes its place once.
    let mut files = BTreeMap::new();
    for link in open.links.iter().filter(|link| is_file(&link.target)) {
        let Ok(it) = std::fs::metadata(&link.path) else { continue };
        if it.st_nlink() == 0 && it.st_blocks() > 0 {
            let bytes = it.st_blocks().saturating_mul(BLOCK);
            files.insert((link.pid, it.st_dev(), it.st_ino()), (bytes, link.target.as_str()));
        }
    }
    let mut held: Vec<Held> = Vec::new();
    for ((pid, device, _), (bytes, target)) in files {
        let device = number(device);
        let name = target.strip_suffix(DELETED).unwrap_or(target);
        match held.last_mut().filter(|it| it.process.pid == pid && it.device == device) {
            Some(it) => {
                let is_larger = bytes > it.bytes / it.files.max(1);
                it.bytes += bytes;
                it.files += 1;
                if is_larger {
                    name.clone_into(&mut it.largest);
                }
            }
            None => held.push(Held {
                process: Process {
                    pid,
                    name: crate::probe::owner::name(&Path::new("/proc").join(pid.to_string())),
                },
                device,
                bytes,
                files: 1,
                largest: name.to_owned(),
            }),
        }
    }
    held.sort_by_key(|it| std::cmp::Reverse(it.bytes));
    held.truncate(HELD_MAX);
    Deleted { held, unseen: open.unseen }
}

/// Not memory that looks like a file.
fn is_file(target: &str) -> bool {
    const MEMORY: &[&str] = &["/memfd:", "/dev/", "/SYSV", "/anon_hugepage", "/run/", "/[aio]"];
    target.ends_with(DELETED)
        && target.starts_with('/')
        && !MEMORY.iter().any(|it| target.starts_with(it))
}

/// As `/proc/self/mountinfo` has it.
pub(super) fn number(device: u64) -> String {
    format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device))
}

#[cfg(test)]
mod tests;

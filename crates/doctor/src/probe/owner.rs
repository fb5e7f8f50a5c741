//! Whose sockets are: by the descriptors of processes, which are gone through only for those where something is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::snapshot::Process;

/// Descriptors that are looked at, at most, over all processes.
const DESCRIPTORS_MAX: usize = 50_000;

/// The process of each inode; one that was not found, or that this user may not see, is none.
pub(super) fn of(inodes: &[u32]) -> Vec<Option<Process>> {
    let mut found = BTreeMap::new();
    if !inodes.is_empty() {
        find(&inodes.iter().copied().collect(), &mut found);
    }
    inodes.iter().map(|inode| found.get(inode).cloned()).collect()
}

fn find(inodes: &BTreeSet<u32>, found: &mut BTreeMap<u32, Process>) {
    let mut left = DESCRIPTORS_MAX;
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        for descriptor in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            if left == 0 || found.len() == inodes.len() {
                return;
            }
            left -= 1;
            let inode = fs::read_link(descriptor.path()).ok().and_then(|link| inode(&link));
            if let Some(inode) = inode.filter(|inode| inodes.contains(inode)) {
                found.entry(inode).or_insert_with(|| Process { pid, name: name(&process.path()) });
            }
        }
    }
}

/// Of a link such as `socket:[8127]`.
fn inode(link: &Path) -> Option<u32> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// What a process calls itself, which may be any bytes.
pub(super) fn name(process: &Path) -> String {
    let name = fs::read(process.join("comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim().to_owned()
}

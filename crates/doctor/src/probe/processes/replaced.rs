//! Programs and libraries that run and whose files are not on the disk any more: `/proc/PID/maps`.
//!
//! Reading it holds a lock of that process's memory for a moment: so no more than [`BYTES_MAX`] of them all are read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{DELETED, pids};
use crate::probe::owner;
use crate::snapshot::{Gone, Probed, Process, Replaced};

/// Bytes of maps that are read, at most.
const BYTES_MAX: usize = 16 << 20;

/// So many files, and so many processes of each, are told of.
const FILES_MAX: usize = 50;
const PROCESSES_MAX: usize = 5;

pub(super) fn look() -> Probed<Replaced> {
    pids().map(|(mut pids, is_first_hidden)| {
        pids.sort_unstable();
        let mut files: BTreeMap<String, Gone> = BTreeMap::new();
        let (mut left, mut unseen) = (BYTES_MAX, u64::from(is_first_hidden));
        for pid in pids {
            if left == 0 {
                unseen += 1;
                continue;
            }
            let text = match crate::probe::text(&format!("/proc/{pid}/maps")) {
                Probed::Seen(text) => text,
                Probed::Denied(_) => {
                    unseen += 1;
                    continue;
                }
                // It has ended meanwhile.
                Probed::Absent(_) | Probed::Failed(_) => continue,
            };
            left = left.saturating_sub(text.len());
            for path in parse(&text) {
                add(pid, path, &mut files);
            }
        }
        let mut files: Vec<Gone> = files.into_values().collect();
        files.sort_by_key(|it| std::cmp::Reverse(it.count));
        files.truncate(FILES_MAX);
        Replaced { files, unseen }
    })
}

fn add(pid: u32, path: &str, files: &mut BTreeMap<String, Gone>) {
    let folder = Path::new("/proc").join(pid.to_string());
    // As the process itself sees it: it may be in a container.
    let is_replaced = folder.join("root").join(path.trim_start_matches('/')).exists();
    if !(is_replaced || is_of_system(path)) {
        return;
    }
    let gone = files.entry(path.to_owned()).or_insert_with(|| Gone {
        path: path.to_owned(),
        is_replaced,
        processes: Vec::new(),
        count: 0,
    });
    gone.count += 1;
    if gone.processes.len() < PROCESSES_MAX {
        gone.processes.push(Process { pid, name: owner::name(&folder) });
    }
}

/// A program that unpacks a library for itself, loads it and deletes it (as many do below /tmp) is well.
fn is_of_system(path: &str) -> bool {
    const SYSTEM: &[&str] = &["/usr/", "/lib", "/bin/", "/sbin/", "/opt/"];
    SYSTEM.iter().any(|it| path.starts_with(it))
}

/// Files that are mapped to be run and are deleted, each once.
fn parse(text: &str) -> BTreeSet<&str> {
    let gone = |line| -> Option<&str> {
        let line: &str = line;
        let path = line.strip_suffix(DELETED)?;
        let mut fields = path.split_whitespace();
        let is_run = fields.nth(1)?.as_bytes().get(2) == Some(&b'x');
        let path = path.get(path.find('/')?..)?;
        let is_memory = ["/memfd:", "/dev/", "/SYSV", "/anon_hugepage", "/tmp/.perf"]
            .iter()
            .any(|it| path.starts_with(it));
        (is_run && !is_memory).then_some(path)
    };
    text.lines().filter_map(gone).collect()
}

#[cfg(test)]
mod tests;

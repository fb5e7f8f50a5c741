//! Whose a socket is: by the descriptors of processes, which are gone through only where a queue is full.

use std::fs;
use std::path::Path;

use crate::snapshot::{Listener, Process};

/// Descriptors that are looked at, at most, over all processes.
const DESCRIPTORS_MAX: usize = 50_000;

/// Names the processes of listeners for whom more wait than may. One that this user may not see stays without.
pub(super) fn name_of_crowded(listeners: &mut [(Listener, u32)]) {
    let mut crowded: Vec<_> = listeners
        .iter_mut()
        .filter(|(listener, _)| listener.waiting > listener.backlog)
        .map(|(listener, inode)| (format!("socket:[{inode}]"), listener))
        .collect();
    if crowded.is_empty() {
        return;
    }
    let mut left = DESCRIPTORS_MAX;
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        for descriptor in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            if left == 0 {
                return;
            }
            left -= 1;
            let Ok(link) = fs::read_link(descriptor.path()) else { continue };
            let of = crowded.iter_mut().find(|(socket, _)| link == Path::new(socket));
            if let Some((_, listener)) = of {
                listener
                    .process
                    .get_or_insert_with(|| Process { pid, name: name(&process.path()) });
            }
        }
    }
}

fn name(process: &Path) -> String {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    name.trim().to_owned()
}

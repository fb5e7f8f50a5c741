//! Network namespaces of all processes: what `/proc/PID/net` has of another than the own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::probe::owner;
use crate::snapshot::Process;

/// Processes that are looked at, at most; and namespaces.
const PROCESSES_MAX: usize = 20_000;
const SPACES_MAX: usize = 500;

/// A process of each other namespace, and how many processes could not be looked at. Namespaces are told apart by the inode of
/// a file below `/proc/PID/net`, which each has of its own: who may not follow `/proc/PID/ns/net` may still see that.
pub(super) fn others(file: &str) -> (BTreeMap<u64, Process>, u64) {
    let (mut found, mut unseen, mut is_first_there) = (BTreeMap::new(), 0, false);
    let inode = |folder: &Path| Ok(fs::metadata(folder.join("net").join(file))?.ino());
    let own: io::Result<u64> = inode(Path::new("/proc/thread-self"));
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    for (at, pid) in pids.enumerate() {
        is_first_there |= pid == 1;
        if at >= PROCESSES_MAX {
            unseen += 1;
            continue;
        }
        let folder = Path::new("/proc").join(pid.to_string());
        match inode(&folder) {
            Ok(_) if found.len() >= SPACES_MAX => unseen += 1,
            Ok(inode) if own.as_ref().is_ok_and(|own| *own == inode) => {}
            Ok(inode) => {
                found.entry(inode).or_insert_with(|| Process { pid, name: owner::name(&folder) });
            }
            // No such file, no such process, no namespace: it has ended meanwhile, or is a zombie.
            Err(error) if matches!(error.raw_os_error(), Some(2 | 3 | 22)) => {}
            Err(_) => unseen += 1,
        }
    }
    // Where the first process is not listed, others are not either (hidepid).
    (found, unseen + u64::from(!is_first_there))
}

/// The own namespace, as `/proc/PID/ns/net` names it; empty if that may not be seen.
pub(super) fn own() -> String {
    let own = fs::read_link("/proc/thread-self/ns/net");
    own.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The namespace of a process, as `/proc/PID/ns/net` names it; without the right to follow that, by the process.
pub(super) fn of(pid: u32) -> String {
    let link = fs::read_link(format!("/proc/{pid}/ns/net"));
    link.map_or_else(|_| format!("of pid {pid}"), |link| link.to_string_lossy().into_owned())
}

//! How many file descriptors processes hold, and how many they may.
//!
//! Since Linux 6.2 the size of `/proc/PID/fd` is how many there are; before, they are counted.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::snapshot::{Descriptors, Holder, Probed, Process};

/// Processes that are looked at, at most.
const PROCESSES_MAX: usize = 20_000;

/// Those that hold less than so many percent of what they may are left out.
const KEPT: u64 = 50;

pub(super) fn look() -> Probed<Descriptors> {
    let all = match fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return super::unseen(&error, "/proc"),
    };
    let mut found = Descriptors { processes: Vec::new(), most: 0, unseen: 0 };
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids.take(PROCESSES_MAX) {
        match holder(pid) {
            Ok(Some(holder)) => {
                let share = (holder.open * 100).checked_div(holder.limit).unwrap_or(0);
                found.most = share.max(found.most);
                found.processes.extend((share >= KEPT).then_some(holder));
            }
            // It is gone, or has no limit.
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => found.unseen += 1,
            Err(error) => return super::unseen(&error, &format!("/proc/{pid}")),
        }
    }
    Probed::Seen(found)
}

fn holder(pid: u32) -> io::Result<Option<Holder>> {
    let folder = Path::new("/proc").join(pid.to_string());
    let look = || -> io::Result<Option<Holder>> {
        let open = open_in(&folder.join("fd"))?;
        let limit = parse_limit(&fs::read_to_string(folder.join("limits"))?);
        let name = fs::read_to_string(folder.join("comm"))?.trim().to_owned();
        Ok(limit.map(|limit| Holder { process: Process { pid, name }, open, limit }))
    };
    look().or_else(|error| match error.raw_os_error() {
        // No such file, no such process: it has ended meanwhile.
        Some(2 | 3) => Ok(None),
        _ => Err(error),
    })
}

fn open_in(folder: &Path) -> io::Result<u64> {
    // Also where the size is told, so that what may not be listed is not taken for zero.
    let mut listed = fs::read_dir(folder)?;
    let told = fs::metadata(folder)?.len();
    if told > 0 || listed.next().is_none() {
        return Ok(told);
    }
    Ok(1 + listed.count() as u64)
}

/// The soft limit of `Max open files`; none if it is unlimited or not told.
fn parse_limit(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;

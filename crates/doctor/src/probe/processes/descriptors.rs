//! How many file descriptors processes hold, and how many they may.
//!
//! Since Linux 6.2 the size of `/proc/PID/fd` is how many there are; before, they are counted.

use std::fs;
use std::io;
use std::path::Path;

use crate::snapshot::{Descriptors, Holder, Probed, Process};

/// Processes that are looked at, at most.
const PROCESSES_MAX: usize = 20_000;

/// Descriptors that are counted, at most, where the kernel does not say how many there are.
const DESCRIPTORS_MAX: u64 = 1_000_000;

/// Those that hold less than so many percent of what they may are left out.
const KEPT: u64 = 50;

pub(super) fn look() -> Probed<Descriptors> {
    let all = match fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return crate::probe::unseen(&error, "/proc"),
    };
    let mut found = Descriptors { processes: Vec::new(), most: 0, unseen: 0 };
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let (mut is_first_there, mut left) = (false, DESCRIPTORS_MAX);
    for (at, pid) in pids.enumerate() {
        is_first_there |= pid == 1;
        match (at < PROCESSES_MAX).then(|| holder(pid, &mut left)) {
            Some(Ok(Some(holder))) => {
                let share = holder.share();
                found.most = share.max(found.most);
                found.processes.extend((share >= KEPT).then_some(holder));
            }
            // It is gone, or has no limit.
            Some(Ok(None)) => {}
            Some(Err(_)) | None => found.unseen += 1,
        }
    }
    // Where the first process is not listed, others are not either (hidepid).
    found.unseen += u64::from(!is_first_there);
    Probed::Seen(found)
}

fn holder(pid: u32, left: &mut u64) -> io::Result<Option<Holder>> {
    let folder = Path::new("/proc").join(pid.to_string());
    let mut look = || -> io::Result<Option<Holder>> {
        let open = open_in(&folder.join("fd"), left)?;
        let limits = parse_limits(&fs::read_to_string(folder.join("limits"))?);
        let name = crate::probe::owner::name(&folder);
        Ok(limits.map(|(limit, hard)| Holder { process: Process { pid, name }, open, limit, hard }))
    };
    look().or_else(|error| match error.raw_os_error() {
        // No such file, no such process: it has ended meanwhile.
        Some(2 | 3) => Ok(None),
        _ => Err(error),
    })
}

fn open_in(folder: &Path, left: &mut u64) -> io::Result<u64> {
    // Also where the size is told, so that what may not be listed is not taken for zero.
    let mut listed = fs::read_dir(folder)?;
    let told = fs::metadata(folder)?.len();
    if told > 0 || listed.next().is_none() {
        return Ok(told);
    }
    let most = usize::try_from(*left).unwrap_or(usize::MAX);
    let open = 1 + listed.take(most).count() as u64;
    *left = left.saturating_sub(open);
    if *left == 0 {
        return Err(io::Error::other("too many descriptors to count"));
    }
    Ok(open)
}

/// The soft limit of `Max open files` and the hard one, if that is one; none if it is unlimited or not told.
pub(super) fn parse_limits(text: &str) -> Option<(u64, Option<u64>)> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut limits = line.split_whitespace().map(str::parse);
    Some((limits.next()?.ok()?, limits.next()?.ok()))
}

#[cfg(test)]
mod tests;

//! How long processes ran and waited for a processor: `/proc/PID/task/TID/schedstat`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::probe::{owner, text, unseen};
use crate::snapshot::{Probed, Process, Runner, Runners};

/// So many threads are looked at, at most; with `deep` the larger number.
const THREADS_MAX: u64 = 5_000;
const THREADS_MAX_DEEP: u64 = 50_000;

/// Those that have ever run, in the order of their numbers; not the threads of the kernel.
pub(super) fn look(deep: bool) -> Probed<Runners> {
    // Where it is not kept, it is not kept of the doctor itself either.
    if let Probed::Absent(what) = text("/proc/self/schedstat") {
        return Probed::Absent(what);
    }
    let all = match fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return unseen(&error, "/proc"),
    };
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let mut pids: Vec<u32> = pids.collect();
    pids.sort_unstable();
    let mut left = if deep { THREADS_MAX_DEEP } else { THREADS_MAX };
    let mut found = Runners::default();
    for pid in pids {
        let folder = Path::new("/proc").join(pid.to_string());
        // The number of its links is two more than that of its threads.
        let Ok(task) = fs::metadata(folder.join("task")) else { continue };
        let threads = task.nlink().saturating_sub(2).max(1);
        if threads > left {
            found.left_out += 1;
            continue;
        }
        left -= threads;
        found.processes.extend(runner(pid, &folder));
    }
    Probed::Seen(found)
}

/// None if it is gone, is of the kernel, or never ran.
fn runner(pid: u32, folder: &Path) -> Option<Runner> {
    // A thread of the kernel has no memory of its own.
    let size = fs::read_to_string(folder.join("statm")).ok()?;
    if size.starts_with("0 ") {
        return None;
    }
    let (mut ran_ns, mut waited_ns, mut threads) = (0, 0, 0);
    for thread in fs::read_dir(folder.join("task")).ok()?.flatten() {
        let told = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        // It ended meanwhile.
        let Some((ran, waited)) = parse(&told) else { continue };
        (ran_ns, waited_ns, threads) = (ran_ns + ran, waited_ns + waited, threads + 1);
    }
    let process = Process { pid, name: owner::name(folder) };
    (ran_ns > 0).then_some(Runner { process, ran_ns, waited_ns, threads })
}

/// Nanoseconds that it ran, and that it waited.
fn parse(told: &str) -> Option<(u64, u64)> {
    let mut fields = told.split_whitespace().map(str::parse);
    Some((fields.next()?.ok()?, fields.next()?.ok()?))
}

#[cfg(test)]
mod tests;

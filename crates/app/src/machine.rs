//! The machine that the process runs on: its clocks, its memory and its disks.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::{Clock, Monotonic};
use front::Usage;
use rustix::time::{ClockId, clock_gettime};

/// The machine's clocks.
#[derive(Debug, Default)]
pub(crate) struct MachineClock;

impl Clock for MachineClock {
    fn monotonic(&self) -> Monotonic {
        let time = clock_gettime(ClockId::Monotonic);
        let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that the others take")]
    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// Bytes of memory that there are for the process: the smallest bound of its control groups, or what the
/// machine has.
pub(crate) fn memory_bytes() -> u64 {
    let machine = rustix::system::sysinfo();
    let physical = machine.totalram * u64::from(machine.mem_unit.max(1));
    cgroup_limits().into_iter().fold(physical, u64::min)
}

/// How large the disk is that a directory is on, in bytes; as large as can be where it cannot be asked.
pub(crate) fn disk_bytes(dir: &Path) -> u64 {
    let found = rustix::fs::statvfs(dir);
    found.map_or(u64::MAX, |found| found.f_blocks.saturating_mul(found.f_frsize))
}

/// Linux tells processor time in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;

/// What the process uses at present, as far as the machine tells.
pub(crate) fn usage() -> Usage {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (cpu_user, cpu_system) = cpu_times(&stat).unzip();
    Usage { resident_bytes: resident_bytes(&status), cpu_user, cpu_system }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Time in the program and in the kernel: the 14th and 15th field, after a name that may hold anything.
fn cpu_times(stat: &str) -> Option<(Duration, Duration)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut time = || {
        let ticks: u64 = fields.next()?.parse().ok()?;
        Some(Duration::from_millis(ticks * (1000 / TICKS_PER_SECOND)))
    };
    Some((time()?, time()?))
}

/// The bounds of the control groups that the process is in, version 2 and version 1.
fn cgroup_limits() -> Vec<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        // A group is also bound by the groups around it; within a container its own is the root.
        let mut group = path.trim_matches('/');
        loop {
            limits.extend(read_limit(&format!("{root}/{group}/{file}")));
            match group.rsplit_once('/') {
                Some((parent, _)) => group = parent,
                None if group.is_empty() => break,
                None => group = "",
            }
        }
    }
    limits
}

fn read_limit(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;

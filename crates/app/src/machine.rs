//! The machine that the process runs on: its clocks and its memory.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::{Clock, Monotonic};
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
    fn wall_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Bytes of memory that the process may use: the smallest bound of its control groups, or what the
/// machine has.
pub(crate) fn memory_bytes() -> u64 {
    let machine = rustix::system::sysinfo();
    let physical = u64::from(machine.totalram) * u64::from(machine.mem_unit.max(1));
    cgroup_limits().into_iter().fold(physical, u64::min)
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

//! Memory, swap and the scheduler.

use super::{number, text};
use crate::snapshot::{Memory, Pressures, Probed};

mod cpus;
mod kills;
mod runners;
mod sizes;

/// Those of `/proc/meminfo` that checks need.
const MEMINFO: [&str; 9] = [
    "MemTotal",
    "MemAvailable",
    "SwapTotal",
    "SwapFree",
    "Slab",
    "SReclaimable",
    "SUnreclaim",
    "CommitLimit",
    "Committed_AS",
];

/// Those of `/proc/vmstat` that checks need.
const VMSTAT: [&str; 4] = ["oom_kill", "pswpin", "pswpout", "pgmajfault"];

/// Looks at them.
pub(super) fn look(deep: bool) -> Memory {
    Memory {
        meminfo: text("/proc/meminfo").map(|text| sizes::meminfo(&text, &MEMINFO)),
        vmstat: text("/proc/vmstat").map(|text| sizes::counters(&text, &VMSTAT)),
        pressure: Pressures {
            cpu: pressure("/proc/pressure/cpu"),
            memory: pressure("/proc/pressure/memory"),
            io: pressure("/proc/pressure/io"),
        },
        ticks: parsed("/proc/stat", sizes::ticks),
        cpus: cpus::look(),
        huge_pages: parsed("/sys/kernel/mm/transparent_hugepage/enabled", sizes::chosen),
        swappiness: number("/proc/sys/vm/swappiness"),
        overcommit: number("/proc/sys/vm/overcommit_memory"),
        kills: kills::look(),
        runners: runners::look(deep),
    }
}

/// The kernel keeps none unless it is built and started with it.
fn pressure(path: &str) -> Probed<crate::snapshot::Pressure> {
    match parsed(path, sizes::pressure) {
        Probed::Absent(what) => {
            Probed::Absent(format!("{what}: this kernel keeps no stalls, unless psi=1 starts it"))
        }
        other => other,
    }
}

fn parsed<T>(path: &str, parse: impl FnOnce(&str) -> Option<T>) -> Probed<T> {
    text(path).and_then(|text| {
        parse(&text).map_or_else(
            || Probed::Failed(format!("{path} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

/// Some of a file such as `memory.pressure` of a control group.
pub(super) fn pressure_of(text: &str) -> Option<crate::snapshot::Stall> {
    Some(sizes::pressure(text)?.some)
}

//! Control groups, of version 1 and 2.

use serde::{Deserialize, Serialize};

use super::{Probed, Stall};

/// Control groups, of version 1 and 2: in a container only its own and those below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cgroups {
    /// Those that memory is charged to.
    pub memory: Probed<Groups<MemoryGroup>>,
    /// Those that processor time is charged to.
    pub cpu: Probed<Groups<CpuGroup>>,
    /// Groups of the memory controller that are removed, but that something holds: `nr_dying_descendants` of the topmost group of
    /// version 2; with version 1 those of `/proc/cgroups` that have no folder.
    pub dying: Probed<u64>,
}

/// The groups of one controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups<T> {
    /// In the order of their paths; not the topmost one of a machine, which has no limit.
    pub groups: Vec<T>,
    /// Whether all groups of the machine can be seen from here, or else only the own one of a container and those below.
    pub whole: bool,
    /// Groups beyond the bound, which were not looked at.
    #[serde(default)]
    pub left_out: u64,
}

/// A group that memory is charged to, with what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryGroup {
    /// As `/proc/PID/cgroup` has it.
    pub path: String,
    /// 1 or 2.
    pub version: u8,
    /// `memory.max`, or `memory.limit_in_bytes`; none if it has no limit, or its number is that of none.
    pub limit_bytes: Option<u64>,
    /// `memory.high`, of version 2; none if it has none.
    pub high_bytes: Option<u64>,
    /// `memory.current`, or `memory.usage_in_bytes`.
    pub used_bytes: Option<u64>,
    /// What may still be swapped of it: `memory.swap.max`, or `memory.memsw.limit_in_bytes`, less what is; none if no limit is set.
    pub swap_left_bytes: Option<u64>,
    /// What is in it; of groups with a limit only.
    pub parts: Option<MemoryParts>,
    /// What happened to it since it was made.
    pub events: MemoryEvents,
    /// `memory.pressure`: some, of version 2; of groups with `memory.high` or a limit only.
    pub pressure: Option<Stall>,
}

/// What is in a group: `memory.stat`, in bytes but for the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryParts {
    /// Memory of its processes that no file stands behind (`anon`; `total_rss`).
    pub anon: u64,
    /// The page cache, without what is shared memory.
    pub file: u64,
    /// Shared memory and tmpfs: swap apart it cannot be given back.
    pub shmem: u64,
    /// Memory of the kernel, without what can be given back (`kernel` less `slab_reclaimable`, Linux 5.18, or the sum of its
    /// parts before; `memory.kmem.usage_in_bytes`). None if this kernel does not tell.
    pub kernel: Option<u64>,
    /// Slabs that can be given back; none with version 1, where they are in `kernel`.
    pub slab_reclaimable: Option<u64>,
    /// Buffers of sockets (`sock`; `memory.kmem.tcp.usage_in_bytes`).
    pub sock: Option<u64>,
    /// Pages of files that were read again soon after they were dropped: a counter. `workingset_refault` before Linux 5.9.
    pub refaults: Option<u64>,
    /// Faults for which a disk had to be read: a counter.
    pub major_faults: Option<u64>,
}

/// Counters of what happened to a group itself, not to those below; none if this kernel does not keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryEvents {
    /// Its processes were held up to give memory back, as it was above `memory.high`.
    pub high: Option<u64>,
    /// It was at its limit: memory of it had to be given back.
    pub max: Option<u64>,
    /// It was at its limit, and nothing could be given back.
    pub oom: Option<u64>,
    /// Processes of it that were killed for want of memory.
    pub oom_kill: Option<u64>,
    /// With version 1: whether its processes wait for memory now, as nothing may be killed. No counter.
    pub under_oom: Option<bool>,
}

/// A group that processor time is charged to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CpuGroup {
    /// As `/proc/PID/cgroup` has it.
    pub path: String,
    /// 1 or 2.
    pub version: u8,
    /// Microseconds that it may run, over all processors, in each period.
    pub quota_us: u64,
    /// Microseconds of a period.
    pub period_us: u64,
    /// Periods in which it had something to run.
    pub periods: u64,
    /// Those in which it had used up its quota and was stopped.
    pub throttled: u64,
    /// Microseconds that it was stopped, over all processors.
    pub throttled_us: u64,
    /// `cpu.pressure`: some, of version 2.
    pub pressure: Option<Stall>,
}

impl<T> Groups<T> {
    /// How many they are, of which kind, and from where that was seen.
    pub fn told(&self, kind: &str) -> String {
        let from = if self.whole { "this machine" } else { "this container, which sees no others" };
        match self.groups.len() {
            1 => format!("1 control group{kind} of {from}"),
            count => format!("{count} control groups{kind} of {from}"),
        }
    }

    /// Why some could not be looked at, if so.
    pub fn unseen(&self) -> Option<crate::check::Blind> {
        (self.left_out > 0).then(|| {
            let more = self.left_out;
            let what = format!("root, or a deep look, for {more} more control groups");
            crate::check::Blind::Denied(what)
        })
    }
}

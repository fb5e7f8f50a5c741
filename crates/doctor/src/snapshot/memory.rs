//! Memory, swap and the scheduler.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Probed, Process};

/// Memory, swap and the scheduler, of the whole machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// `/proc/meminfo`, by name, in bytes; what is no size is left out.
    pub meminfo: Probed<BTreeMap<String, u64>>,
    /// `/proc/vmstat`, by name: those that checks need. Totals since the machine was started.
    pub vmstat: Probed<BTreeMap<String, u64>>,
    /// `/proc/pressure`.
    pub pressure: Pressures,
    /// The first line of `/proc/stat`: what the processors did, since the machine was started.
    pub ticks: Probed<Ticks>,
    /// The same of each processor, as far as interrupts go.
    pub cpus: Probed<Vec<Cpu>>,
    /// What is chosen in `/sys/kernel/mm/transparent_hugepage/enabled`: `always`, `madvise` or `never`.
    pub huge_pages: Probed<String>,
    /// `vm.swappiness`.
    pub swappiness: Probed<u64>,
    /// `vm.overcommit_memory`: 0 guesses, 1 always lets, 2 counts.
    pub overcommit: Probed<u64>,
    /// Processes that were killed because there was no memory, as the kernel's log has them.
    pub kills: Probed<Kills>,
    /// Processes that were ready to run, and how long they waited for a processor.
    pub runners: Probed<Runners>,
}

/// Stalls of the machine, by what was waited for (`PSI`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pressures {
    /// For a processor. Before Linux 5.13 it has no `full`.
    pub cpu: Probed<Pressure>,
    /// For memory: reclaim, swapping in, reading again what was dropped.
    pub memory: Probed<Pressure>,
    /// For disks.
    pub io: Probed<Pressure>,
}

/// Stalls for one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// At least one task waited.
    pub some: Stall,
    /// All tasks that were not idle waited, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<Stall>,
}

/// How long was waited, in hundredths of a percent of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Over the last 10 s.
    pub avg10: u32,
    /// Over the last minute.
    pub avg60: u32,
}

/// What the processors did, in ticks (hundredths of a second, as a rule).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticks {
    /// All together: user, nice, system, idle, iowait, irq, softirq and steal.
    pub all: u64,
    /// Ready to run while the hypervisor ran something else.
    pub steal: u64,
}

/// What a processor did since the machine was started, in ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Which.
    pub cpu: u64,
    /// All together: user, nice, system, idle, iowait, irq, softirq and steal.
    pub all: u64,
    /// Interrupts: irq.
    pub hard: u64,
    /// What is put off from them, such as taking in packets: softirq.
    pub soft: u64,
    /// How often it did so, by the name of `/proc/softirqs`, such as `NET_RX`; empty if that may not be read.
    pub served: BTreeMap<String, u64>,
}

/// Processes that were killed for want of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kills {
    /// In the order of the log; of very many, the last ones.
    pub killed: Vec<Kill>,
    /// From when on the log is there, in milliseconds since the machine was started: older lines were overwritten.
    pub since_up_ms: u64,
}

/// A process that was killed for want of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// When, in milliseconds since the machine was started.
    pub up_ms: u64,
    /// The process.
    pub victim: Process,
    /// Whether the machine had no memory left, or else a control group reached its limit.
    pub machine: bool,
    /// The group whose limit was reached; none if the machine had no memory left, or an old kernel does not tell.
    pub limit_of: Option<String>,
    /// The group that the process was in; none if an old kernel does not tell.
    pub group: Option<String>,
    /// Bytes of its own memory that were resident; none if the line is not there.
    pub resident_bytes: Option<u64>,
}

/// Processes by how long they ran and waited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runners {
    /// Those that have ever run; in the order of their numbers.
    pub processes: Vec<Runner>,
    /// Processes beyond the bound on threads, which were not looked at.
    pub left_out: u64,
}

/// A process as the scheduler sees it: `/proc/PID/schedstat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// The process.
    pub process: Process,
    /// Nanoseconds that it ran.
    pub ran_ns: u64,
    /// Nanoseconds that it was ready to run, and had to wait.
    pub waited_ns: u64,
    /// Threads that these are the sum of.
    pub threads: u64,
}

impl Memory {
    /// A size of `/proc/meminfo`.
    ///
    /// # Errors
    /// This kernel does not tell it, or it may not be looked at.
    pub fn size(&self, name: &str) -> Result<u64, crate::check::Blind> {
        let size = self.meminfo.seen()?.get(name).copied();
        size.ok_or_else(|| crate::check::Blind::Absent(format!("{name} in /proc/meminfo")))
    }
}

impl Stall {
    /// Over the last 10 s, in percent.
    pub fn percent10(self) -> f64 {
        f64::from(self.avg10) / 100.0
    }

    /// Over the last minute, in percent.
    pub fn percent60(self) -> f64 {
        f64::from(self.avg60) / 100.0
    }
}

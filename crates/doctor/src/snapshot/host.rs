//! The machine as a whole.

use serde::{Deserialize, Serialize};

use super::{Cgroups, Clocks, Disks, Memory, Names, Network, Probed, Processes, System, Tls};

/// A Linux machine, as the process sees it: with containers, their part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Which of its runs this is (`boot_id`); empty of an earlier version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub boot: String,
    /// Processors that the process may use.
    pub cpus: u64,
    /// Its memory.
    pub memory_bytes: u64,
    /// From where it is looked at.
    pub view: View,
    /// Memory, swap and the scheduler.
    pub memory: Probed<Memory>,
    /// Control groups.
    pub cgroups: Probed<Cgroups>,
    /// The network namespace of the process.
    pub network: Probed<Network>,
    /// File systems and disks.
    pub disks: Probed<Disks>,
    /// Processes.
    pub processes: Probed<Processes>,
    /// Clocks.
    pub clocks: Probed<Clocks>,
    /// Names and resolvers.
    pub names: Probed<Names>,
    /// The kernel, its settings and what is started on it.
    pub system: Probed<System>,
    /// Certificates.
    pub tls: Probed<Tls>,
}

/// From where a machine is looked at: in a container only a part of it can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct View {
    /// User id of the doctor; 0 is root.
    pub uid: u32,
    /// What kind of container it is in, as far as that can be told; none if in none.
    pub container: Option<String>,
    /// Network namespace, as `net:[4026531840]`.
    pub network: String,
    /// Control group of the process, as `/proc/self/cgroup` has it for v2, or for `memory` of v1.
    pub cgroup: String,
}

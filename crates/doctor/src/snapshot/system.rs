//! The kernel, its settings, and what is started on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Probed;

/// The kernel, its settings, and what is started on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct System {
    /// Whether `/proc/sys` is mounted read-only: so it is in a container, where the settings are those of another.
    pub sealed: Probed<bool>,
    /// Settings that a file of `sysctl.d` sets, of those that are looked at.
    pub settings: Probed<Vec<Setting>>,
    /// Lines of `/etc/fstab` that are mounted at each start, and are not mounted.
    pub unmounted: Probed<Vec<Unmounted>>,
    /// Releases of kernels that are installed with their modules.
    pub kernels: Probed<Vec<String>>,
    /// What is done with the memory of a process that crashes.
    pub cores: Probed<Cores>,
    /// What journald keeps on disk.
    pub journal: Probed<Journal>,
    /// Files that jobs touch when they succeed, as the user named them with `--fact stamp.NAME=FILE,AGE`.
    pub stamps: BTreeMap<String, Probed<Stamp>>,
    /// Last backups of databases by their ports, as the user named their files with `--fact backup.PORT=FILE,AGE`.
    pub backups: BTreeMap<String, Probed<Backup>>,
}

/// The last backup of a database that is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// When it ended, in seconds since 1970; none if there is none.
    pub ended_s: Option<u64>,
    /// `full`, `diff` or `incr`.
    pub kind: Option<String>,
}

/// A setting of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Such as `vm.swappiness`.
    pub name: String,
    /// What the file says, with single spaces between numbers.
    pub configured: String,
    /// Which file: of several the one that wins.
    pub file: String,
    /// What the kernel has, in the same form.
    pub running: Probed<String>,
}

/// A line of `/etc/fstab`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmounted {
    /// What, such as `/dev/sdb1` or `UUID=...`.
    pub source: String,
    /// Where.
    pub point: String,
    /// Whether the machine starts without it, too.
    pub nofail: bool,
}

/// `/proc/sys/kernel/core_pattern`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cores {
    /// The program that it is piped to; none if it is a file.
    pub handler: Option<String>,
    /// Whether that is there and may be executed; false if none is named.
    pub works: bool,
}

/// `/var/log/journal`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// Bytes of the disk that its files take.
    pub used_bytes: u64,
    /// Bytes of the file system in all.
    pub disk_bytes: u64,
    /// Whether there are more files than are counted: then it is more.
    pub cut: bool,
}

/// A file that a job touches when it succeeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// When it was written last, in milliseconds since 1970; none if there is no such file.
    pub modified_ms: Option<u64>,
}

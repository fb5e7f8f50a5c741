//! File systems, and the disks below them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Probed;

/// File systems, and the disks below them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disks {
    /// File systems that hold files, of the mount namespace of the process: not `proc` and its like.
    pub mounts: Probed<Vec<Mount>>,
    /// Disks and their parts.
    pub devices: Probed<Vec<Device>>,
    /// What hardware tells of itself.
    pub health: Probed<Health>,
}

/// A file system where it is mounted: a line of `/proc/PID/mountinfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mount {
    /// Where.
    pub point: String,
    /// Such as `ext4`.
    pub kind: String,
    /// What is mounted, such as `/dev/sda1`.
    pub source: String,
    /// Its number, as `8:1`.
    pub device: String,
    /// Options of this mount.
    pub options: Vec<String>,
    /// Options of the file system, the same wherever it is mounted.
    pub features: Vec<String>,
    /// How full it is.
    pub space: Probed<Space>,
    /// Number of the error that stat(2) of it has; none if it has none.
    pub error: Option<i32>,
    /// Errors that ext4 found in itself since it was last checked: `/sys/fs/ext4/*/errors_count`.
    pub faults: Option<u64>,
}

impl Mount {
    /// Whether the option is set, of the mount or of the file system.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().chain(&self.features).any(|it| it == option)
    }

    /// Whether it is on another machine.
    pub fn is_remote(&self) -> bool {
        const REMOTE: &[&str] = &[
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "ceph",
            "9p",
            "afs",
            "lustre",
            "virtiofs",
            "glusterfs",
        ];
        REMOTE.contains(&self.kind.as_str()) || self.kind.starts_with("fuse.")
    }
}

/// What statvfs(3) tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Bytes in all.
    pub size: u64,
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that are free for others than root.
    pub available: u64,
    /// Inodes in all; 0 if there is no such limit.
    pub inodes: u64,
    /// Inodes that are free.
    pub inodes_free: u64,
}

/// A disk, or a part of one: a line of `/proc/diskstats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// Such as `sda1`.
    pub name: String,
    /// Its number, as `8:1`.
    pub device: String,
    /// Names of the whole disks that it lies on; its own where it is one.
    pub disks: Vec<String>,
    /// Flushes of its cache that are done; none before Linux 5.5.
    pub flushes: Option<u64>,
    /// Milliseconds that they took.
    pub flush_ms: Option<u64>,
    /// Whether it says that it turns.
    pub rotates: Option<bool>,
}

/// What hardware tells of itself in `/sys`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// Arrays of the kernel's own: `/sys/block/*/md`.
    pub arrays: Vec<Array>,
    /// Disks that have a state: those of `NVMe` and of SCSI, which are those of SATA and SAS as well.
    pub drives: Vec<Drive>,
    /// Controllers of memory that count errors: `/sys/devices/system/edac/mc`. Empty without a driver for them.
    pub memory: Vec<MemoryController>,
    /// Disks of file systems of btrfs, each with what it did wrong: `/sys/fs/btrfs/*/devinfo/*/error_stats`.
    pub volumes: Vec<Volume>,
}

/// An array of disks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// Such as `md0`.
    pub name: String,
    /// Such as `raid5`; empty of a container.
    pub level: String,
    /// `metadata_version`: such as `1.2`, of a container `external:imsm`, of an array in one `external:/md127/0`; empty of an earlier version.
    #[serde(default)]
    pub metadata: String,
    /// `array_state`, such as `clean`, `active`, `inactive` or `broken`.
    pub state: String,
    /// Disks that it should have.
    pub disks: u64,
    /// Disks that it lacks: `degraded`. None of a level that has nothing to spare, and of an array that has not started.
    pub missing: Option<u64>,
    /// What is done with it now: `sync_action`, such as `idle` or `recover`; empty of such a level.
    pub action: String,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// Such as `sda` or `nvme0`.
    pub name: String,
    /// As its driver has it: `live` or `running` if it works.
    pub state: String,
    /// Whether it says of itself that it is too hot; none if that is not told.
    pub is_hot: Option<bool>,
}

/// A controller of memory, with errors since its driver was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryController {
    /// Such as `mc0`.
    pub name: String,
    /// Errors that were corrected: `ce_count`.
    pub corrected: Option<u64>,
    /// Errors that could not be: `ue_count`.
    pub uncorrected: Option<u64>,
}

/// A disk of a file system of btrfs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// The id of the file system.
    pub id: String,
    /// The number of the disk in it.
    pub disk: u64,
    /// The names of all its disks, such as `sdb`.
    pub devices: Vec<String>,
    /// Errors by name, such as `corruption_errs`, since they were set back.
    pub errors: BTreeMap<String, u64>,
}

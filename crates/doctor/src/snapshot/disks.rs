//! File systems, and the disks below them.

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

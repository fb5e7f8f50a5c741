//! A control group with little memory: of version 1 where that has the memory, else of version 2.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::{PREFIX, Stop, failed};

/// A group, which goes with it once nothing runs in it.
#[derive(Debug)]
pub(super) struct Group {
    path: PathBuf,
    limit: PathBuf,
}

impl Group {
    /// One that may hold so many bytes.
    pub(super) fn new(name: &str, bytes: u64) -> Result<Self, Stop> {
        let name = format!("{PREFIX}{name}");
        let first = Path::new("/sys/fs/cgroup/memory");
        let (root, limit) = if first.join("memory.limit_in_bytes").exists() {
            (first, "memory.limit_in_bytes")
        } else {
            (Path::new("/sys/fs/cgroup"), "memory.max")
        };
        let path = root.join(name);
        fs::create_dir_all(&path).map_err(|error| {
            Stop::Missing(format!("control groups: make {}: {error}", path.display()))
        })?;
        let group = Self { limit: path.join(limit), path };
        fs::write(&group.limit, bytes.to_string())
            .map_err(|error| Stop::Missing(format!("control groups with memory: {error}")))?;
        Ok(group)
    }

    /// Takes a process in.
    pub(super) fn take(&self, pid: &str) -> Result<(), Stop> {
        fs::write(self.path.join("cgroup.procs"), pid).map_err(failed("move the server"))
    }

    /// What it may hold, as the kernel has it.
    pub(super) fn limit(&self) -> Result<u64, Stop> {
        let text = fs::read_to_string(&self.limit).map_err(failed("read its limit"))?;
        text.trim().parse().map_err(|error| format!("its limit is {text}: {error}").into())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What is left of it goes with the machine.
        let _left = fs::remove_dir(&self.path);
    }
}

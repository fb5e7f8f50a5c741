//! A file in a tmpfs that takes most of the group of its writer.

use std::path::Path;

use super::{Group, MIB};
use crate::lab::{Folder, Stage, Stop, failing, run as program};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(32, 32);
    let size = limit * 9 / 10;
    let group = Group::with_memory("h34", limit * MIB, false)?;
    let tmpfs = Tmpfs::new("h34")?;
    let file = tmpfs.path().join("file");
    group.run(&format!("dd if=/dev/zero of={} bs=1M count={size}", file.display()))?;
    let target = format!(" {}", group.path());
    let found =
        stage.until("the group is nearly full", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let written = std::fs::metadata(&file).map_err(|error| format!("look at it: {error}"))?.len();
    let wanted = format!("files in a tmpfs, {} MiB", written / MIB);
    let of = format!(" of {limit} MiB, ");
    if !(record.observed.ends_with(&wanted) && record.observed.contains(&of)) {
        return Err(format!("{wanted}{of}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    std::fs::remove_file(&file).map_err(|error| format!("remove it: {error}"))?;
    stage.until("the file is gone", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

/// A tmpfs of a lab, which goes with it.
#[derive(Debug)]
pub(in crate::lab) struct Tmpfs(Folder);

impl Tmpfs {
    /// With room for many files.
    pub(in crate::lab) fn new(name: &str) -> Result<Self, Stop> {
        let own = Folder::new(name)?;
        let at = own.path().display().to_string();
        program("mount", &["-t", "tmpfs", "-o", "size=256m,nr_inodes=40000", "tmpfs", &at])?;
        Ok(Self(own))
    }

    pub(in crate::lab) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // What is left of it goes with the next `lab --clean`.
        let _left = program("umount", &[&self.path().display().to_string()]);
    }
}

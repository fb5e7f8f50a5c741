//! A data directory within the data directory, in which everything is as it was at one moment while the server
//! goes on: what a backup of a running server is copied from.
//!
//! Knows nothing of who asks for it, nor of the copy.
//!
//! Invariants:
//! 1. It holds every commit that was written when it was begun, all of it durable, and no part of another.
//! 2. No file in it changes: sealed segments and tables are second names of files that do not, and the segment
//!    that is written to is copied as far as it goes.
//! 3. It is there while a backup is under way. What a crash or a stop has left is removed by the next start.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base::Sequence;
use log::FileLog;
use tables::LsmTables;

use crate::build::Running;
use crate::data_dir::{DIRECTORIES, DataDir, log_in, make_directory, tables_in};

/// Its name in the data directory.
pub(crate) const NAME: &str = "backup-staging";

/// What it is made from.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    root: PathBuf,
    log: Arc<FileLog>,
    tables: Arc<LsmTables>,
}

impl Staging {
    pub(crate) fn new(dir: &DataDir, running: &Running) -> Self {
        let (log, tables) = (Arc::clone(&running.log), Arc::clone(&running.tables));
        Self { root: dir.path.clone(), log, tables }
    }

    /// Makes it anew, and says which is the last commit in it. Blocks on the disk.
    pub(crate) fn make(&self) -> Result<Sequence> {
        self.require_one_disk()?;
        self.remove()?;
        let staging = self.root.join(NAME);
        make_directory(&staging)?;
        for name in DIRECTORIES {
            make_directory(&staging.join(name))?;
        }
        let from = log_in(&self.root);
        let to = log_in(&staging);
        let (extent, tail) = {
            let hold = self.log.hold();
            // The tables before the log: it has to reach as far as they do, and back to where they end.
            self.tables.stage(&tables_in(&staging)).context("stage the tables")?;
            let extent = hold.extent().context("stage the log")?;
            let Some(((tail, _), sealed)) = extent.segments.split_last() else {
                bail!("the log has no segment: please report it");
            };
            for (name, _) in sealed {
                fs::hard_link(from.join(name), to.join(name))
                    .with_context(|| format!("link {}", to.join(name).display()))?;
            }
            let tail = from.join(tail);
            let tail = File::open(&tail).with_context(|| format!("open {}", tail.display()))?;
            (extent, tail)
        };
        if let Some((name, end)) = extent.segments.last() {
            copy_head(&tail, *end, &to.join(name))?;
        }
        let (name, bytes) = &extent.high_water;
        let written = fs::write(to.join(name), bytes);
        written.with_context(|| format!("write {}", to.join(name).display()))?;
        fs::copy(self.root.join("identity"), staging.join("identity"))
            .with_context(|| format!("copy the identity to {}", staging.display()))?;
        Ok(extent.last)
    }

    /// Removes it, if it is there.
    pub(crate) fn remove(&self) -> Result<()> {
        remove(&self.root)
    }

    /// A file has two names on one file system only.
    fn require_one_disk(&self) -> Result<()> {
        let disk = |path: &Path| {
            let found = fs::metadata(path);
            found.map(|found| found.dev()).with_context(|| format!("look at {}", path.display()))
        };
        let root = disk(&self.root)?;
        for path in [log_in(&self.root), tables_in(&self.root).join("tables")] {
            if disk(&path)? != root {
                bail!(
                    "{} is on another file system than {}: stop the server to back it up",
                    path.display(),
                    self.root.display()
                );
            }
        }
        Ok(())
    }
}

/// What a crash or a stop has left. That it cannot be removed costs space, and no more than that.
pub(crate) fn remove_left(root: &Path) {
    if let Err(error) = remove(root) {
        tracing::warn!("what is left from a backup takes space: {error:#}");
    }
}

fn remove(root: &Path) -> Result<()> {
    let staging = root.join(NAME);
    match fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", staging.display()))
        }
        _ => Ok(()),
    }
}

/// Copies the first `bytes` of a file.
fn copy_head(from: &File, bytes: u64, to: &Path) -> Result<()> {
    let copied = File::create_new(to).and_then(|mut to| io::copy(&mut from.take(bytes), &mut to));
    match copied.with_context(|| format!("copy a segment to {}", to.display()))? {
        copied if copied == bytes => Ok(()),
        copied => bail!("a segment has {copied} bytes, not {bytes}: please report it"),
    }
}

#[cfg(test)]
pub(crate) mod tests;

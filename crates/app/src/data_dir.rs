//! The data directory: made, recognised, and held by one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base::{Clock, StoreId};
use rustix::fs::{FlockOperation, flock};

use crate::identity::{self, Identity};

/// A data directory that this process holds until the value is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
    _lock: File,
}

impl DataDir {
    /// Opens the directory, making it if it is not there, and takes hold of it.
    pub(crate) fn open(path: &Path, clock: &dyn Clock) -> Result<Self> {
        let path =
            std::path::absolute(path).with_context(|| format!("resolve {}", path.display()))?;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.with_context(|| format!("make the data directory {}", path.display()))?;
        let has_identity = path.join("identity").exists();
        if !has_identity {
            refuse_foreign(&path)?;
        }
        let lock = lock(&path)?;
        let identity =
            if has_identity { read_identity(&path)? } else { make_identity(&path, clock)? };
        Ok(Self { path, identity, is_new: !has_identity, _lock: lock })
    }

    /// Where the log of the one shard is.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("shards/0/log")
    }

    /// Whether a log was ever begun here. Then there is a tree too: it is made first.
    pub(crate) fn has_log(&self) -> Result<bool> {
        let log = self.log();
        match fs::read_dir(&log) {
            Ok(mut entries) => Ok(entries.next().is_some()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("read {}", log.display())),
        }
    }

    /// Where the tree of the one shard is.
    pub(crate) fn tables(&self) -> PathBuf {
        self.path.join("shards/0/tables/main")
    }
}

/// A directory without identity is taken only if it is empty, or an earlier start was cut short in it.
fn refuse_foreign(path: &Path) -> Result<()> {
    for entry in fs::read_dir(path).with_context(|| format!("read {}", path.display()))? {
        let name = entry.with_context(|| format!("read {}", path.display()))?.file_name();
        if name != "lock" && name != "identity.new" {
            let name = name.to_string_lossy();
            bail!(
                "{} is not a Groundsill directory: it holds `{name}` and no `identity`; name an empty or new directory",
                path.display()
            );
        }
    }
    Ok(())
}

fn lock(path: &Path) -> Result<File> {
    let file = path.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut lock = options.open(&file).with_context(|| format!("open {}", file.display()))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        lock.read_to_string(&mut holder).with_context(|| format!("read {}", file.display()))?;
        bail!("{} is in use by process {}; stop that first", path.display(), holder.trim());
    }
    lock.set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()))
        .with_context(|| format!("write {}", file.display()))?;
    Ok(lock)
}

fn read_identity(path: &Path) -> Result<Identity> {
    let file = path.join("identity");
    let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    Identity::decode(&bytes).with_context(|| format!("open {}", path.display()))
}

fn make_identity(path: &Path, clock: &dyn Clock) -> Result<Identity> {
    let (mut store, mut hash_key) = ([0; 16], [0; 16]);
    getrandom::fill(&mut store).map_err(io::Error::from).context("draw a store id")?;
    getrandom::fill(&mut hash_key).map_err(io::Error::from).context("draw a hash key")?;
    let created_by = concat!("groundsill ", env!("CARGO_PKG_VERSION")).to_owned();
    let identity =
        Identity { store: StoreId(store), hash_key, created_at: clock.wall_ms(), created_by };
    write_durably(path, "identity", &identity.encode())?;
    Ok(identity)
}

/// Writes a file so that after a crash it is there whole or not at all.
fn write_durably(dir: &Path, name: &str, bytes: &[u8; identity::BYTES]) -> Result<()> {
    let new = dir.join(format!("{name}.new"));
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .with_context(|| format!("make {}", new.display()))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("write {}", new.display()))?;
    fs::rename(&new, dir.join(name)).with_context(|| format!("rename {}", new.display()))?;
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.with_context(|| format!("sync {}", dir.display()))
}

#[cfg(test)]
mod tests;

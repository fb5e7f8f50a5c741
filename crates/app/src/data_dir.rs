//! The data directory: made, recognised, and held by one process at a time.
//!
//! A first start goes through these steps, each durable before the next, so that a start cut short
//! anywhere can be told from a directory that has lost something:
//!
//! 1. The directory and the shard's empty directories are made, and in the shard the file `unfinished`.
//! 2. The identity is written. Before that there is nothing to lose: the next start begins again.
//! 3. The tables are made, then the log is begun ([`crate::build`]); nobody is served yet.
//! 4. `unfinished` is removed. From here on, tables or a log that are missing are missing, and the start
//!    is refused.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base::{Clock, StoreId};
use rustix::fs::{FlockOperation, flock};

use crate::identity::{self, Identity};

/// The directories of the one shard, each after the one that it is in.
pub(crate) const DIRECTORIES: [&str; 4] = ["shards", "shards/0", LOG, TABLES];
const LOG: &str = "shards/0/log";
const TABLES: &str = "shards/0/tables";

/// Where the log of the one shard is, in a data directory.
pub(crate) fn log_in(root: &Path) -> PathBuf {
    root.join(LOG)
}

/// Where the tree of the one shard is, in a data directory.
pub(crate) fn tables_in(root: &Path) -> PathBuf {
    root.join(TABLES).join("main")
}

/// There from before the identity is written until the first start has made tables and log.
const UNFINISHED: &str = "shards/0/unfinished";

/// Another process has the directory.
#[derive(Debug)]
pub(crate) struct InUse {
    path: PathBuf,
    holder: String,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is in use by {}; stop that first", self.path.display(), self.holder)
    }
}

impl std::error::Error for InUse {}

/// A data directory that this process holds until the value is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct DataDir {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
    /// Whether no start has come so far that there must be tables and a log.
    pub(crate) is_unfinished: bool,
    /// None where nothing can be written, and there is no file to lock.
    lock: Option<Arc<File>>,
}

impl DataDir {
    /// Opens the directory, making it if it is not there, and takes hold of it.
    pub(crate) fn open(path: &Path, clock: &dyn Clock) -> Result<Self> {
        let path =
            std::path::absolute(path).with_context(|| format!("resolve {}", path.display()))?;
        if !has_identity(&path)? {
            make_root(&path)?;
            refuse_foreign(&path)?;
        }
        let lock = lock(&path)?;
        // Looked at again: another process may have been making it until it let go of the lock.
        let is_new = !has_identity(&path)?;
        let identity = if is_new {
            refuse_data(&path, Path::new("shards"))?;
            make_shard(&path)?;
            make_identity(&path, clock)?
        } else {
            read_identity(&path)?
        };
        for name in DIRECTORIES {
            require_directory(&path.join(name))?;
        }
        let is_unfinished = exists(&path.join(UNFINISHED))?;
        let dir = Self { path, identity, is_new, is_unfinished, lock: Some(Arc::new(lock)) };
        if !is_unfinished {
            dir.require_segment()?;
        }
        Ok(dir)
    }

    /// Takes hold of a directory that is there, to look into it. Makes nothing but its `lock`, and not even that
    /// on a medium that cannot be written.
    pub(crate) fn existing(path: &Path) -> Result<Self> {
        Self::look(path, |path| match lock(path) {
            Err(error) if is_read_only(&error) => lock_as_it_is(path),
            locked => locked.map(Some),
        })
    }

    /// The same without a byte written, not even to `lock`.
    pub(crate) fn untouched(path: &Path) -> Result<Self> {
        Self::look(path, lock_as_it_is)
    }

    fn look(path: &Path, lock: impl FnOnce(&Path) -> Result<Option<File>>) -> Result<Self> {
        let path =
            std::path::absolute(path).with_context(|| format!("resolve {}", path.display()))?;
        if !has_identity(&path)? {
            bail!("{} is not a Groundsill directory: it has no `identity`", path.display());
        }
        let lock = lock(&path)?;
        let identity = read_identity(&path)?;
        for name in DIRECTORIES {
            require_directory(&path.join(name))?;
        }
        let is_unfinished = exists(&path.join(UNFINISHED))?;
        let lock = lock.map(Arc::new);
        let dir = Self { path, identity, is_new: false, is_unfinished, lock };
        if !is_unfinished {
            dir.require_segment()?;
        }
        Ok(dir)
    }

    /// Tables and log are there, durably: from here on they have to be.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.is_unfinished {
            let file = self.path.join(UNFINISHED);
            fs::remove_file(&file).with_context(|| format!("remove {}", file.display()))?;
            sync(&self.path.join("shards/0"))?;
            self.is_unfinished = false;
        }
        Ok(())
    }

    /// Keeps the directory until the process ends: whatever threads it leaves behind may still write.
    pub(crate) fn hold(&self) {
        std::mem::forget(self.lock.clone());
    }

    /// Where the log of the one shard is.
    pub(crate) fn log(&self) -> PathBuf {
        log_in(&self.path)
    }

    /// Where the tree of the one shard is.
    pub(crate) fn tables(&self) -> PathBuf {
        tables_in(&self.path)
    }

    /// A log that was begun has a segment at all times.
    fn require_segment(&self) -> Result<()> {
        let log = self.log();
        for name in names(&log)? {
            if Path::new(&name).extension().is_some_and(|extension| extension == "seg") {
                return Ok(());
            }
        }
        bail!(
            "{} holds no segment: the log is missing, and with it what was not yet in the tables; restore the data directory from a backup",
            log.display()
        );
    }
}

/// Makes the directory itself. Its name, and those of the directories above it that were made with it,
/// now or by a start that was cut short, are durable on return.
fn make_root(path: &Path) -> Result<()> {
    let mut made = Vec::new();
    let mut missing: Vec<&Path> = path.ancestors().take_while(|path| !path.is_dir()).collect();
    while let Some(directory) = missing.pop() {
        make_directory(directory)?;
        made.push(directory);
    }
    for directory in path.ancestors() {
        let Some(parent) = directory.parent() else { break };
        let must = directory == path || made.contains(&directory);
        match sync(parent) {
            Err(error) if must => return Err(error),
            // Far above, in what somebody else made and keeps to themselves.
            _ => {}
        }
    }
    Ok(())
}

/// Makes the empty directories of the shard, durably.
fn make_shard(path: &Path) -> Result<()> {
    for name in DIRECTORIES {
        make_directory(&path.join(name))?;
    }
    let file = path.join(UNFINISHED);
    let mut options = OpenOptions::new();
    let made = options.write(true).create(true).truncate(true).mode(0o600).open(&file);
    made.with_context(|| format!("make {}", file.display()))?;
    for name in ["shards/0", "shards", ""] {
        sync(&path.join(name))?;
    }
    Ok(())
}

pub(crate) fn make_directory(path: &Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("make the directory {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.with_context(|| format!("sync the directory {}", path.display()))
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists().with_context(|| format!("look for {}", path.display()))
}

pub(crate) fn has_identity(path: &Path) -> Result<bool> {
    exists(&path.join("identity"))
}

fn require_directory(path: &Path) -> Result<()> {
    if !path.is_dir() {
        bail!(
            "{} is missing: the data directory is incomplete; restore it from a backup",
            path.display()
        );
    }
    Ok(())
}

/// The names in a directory.
fn names(path: &Path) -> Result<Vec<String>> {
    let read = || -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
        };
        fs::read_dir(path)?.map(name).collect()
    };
    read().with_context(|| format!("read {}", path.display()))
}

/// A directory without identity is taken only if it holds nothing but what a first start makes. Looked
/// at before even the lock is made, so that what is somebody else's is left as it is.
fn refuse_foreign(path: &Path) -> Result<()> {
    let ours = ["lock", "shards", "identity.new", "identity"];
    if let Some(name) = names(path)?.iter().find(|name| !ours.contains(&name.as_str())) {
        bail!(
            "{} is not a Groundsill directory: it holds `{name}` and no `identity`; name an empty or new directory",
            path.display()
        );
    }
    Ok(())
}

/// Without an identity, there may be below `shards` what [`make_shard`] makes, and nothing else.
fn refuse_data(root: &Path, below: &Path) -> Result<()> {
    if !exists(&root.join(below))? {
        return Ok(());
    }
    let is_directory = DIRECTORIES.iter().any(|name| below == Path::new(name));
    if !is_directory && below != Path::new(UNFINISHED) {
        bail!(
            "{} holds data, `{}`, but its `identity` is missing: restore that file, or all of it, from a backup",
            root.display(),
            below.display()
        );
    }
    if is_directory {
        for name in names(&root.join(below))? {
            refuse_data(root, &below.join(name))?;
        }
    }
    Ok(())
}

fn lock(path: &Path) -> Result<File> {
    let file = path.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut lock = options.open(&file).with_context(|| format!("open {}", file.display()))?;
    take(&mut lock, path)?;
    let number = format!("{}\n", std::process::id());
    // Over what is there, before it is cut: on a full disk, what was given back may be gone.
    let written =
        lock.write_all(number.as_bytes()).and_then(|()| lock.set_len(number.len() as u64));
    match written {
        // Whoever is refused is not told the number, which is all that it is for.
        Err(error) if is_full(&error) => {}
        written => written.with_context(|| format!("write {}", file.display()))?,
    }
    Ok(lock)
}

/// Takes a lock file that is there; none is there if nobody has had the directory since it was made.
fn lock_as_it_is(path: &Path) -> Result<Option<File>> {
    let file = path.join("lock");
    match File::open(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("open {}", file.display())),
        Ok(mut lock) => {
            take(&mut lock, path)?;
            Ok(Some(lock))
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn is_read_only(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::ReadOnlyFilesystem)
}

/// Locks an open lock file, or says who has.
fn take(lock: &mut File, path: &Path) -> Result<()> {
    if flock(&*lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        lock.read_to_string(&mut holder)
            .with_context(|| format!("read the lock of {}", path.display()))?;
        // Whoever has just taken it may not have written its number yet.
        let holder = match holder.trim() {
            "" => "another process".to_owned(),
            number => format!("process {number}"),
        };
        return Err(InUse { path: path.to_owned(), holder }.into());
    }
    Ok(())
}

fn read_identity(path: &Path) -> Result<Identity> {
    let file = path.join("identity");
    let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    Identity::decode(&bytes).with_context(|| format!("open {}", path.display()))
}

fn make_identity(path: &Path, clock: &dyn Clock) -> Result<Identity> {
    let mut hash_key = [0; 16];
    getrandom::fill(&mut hash_key).map_err(io::Error::from).context("draw a hash key")?;
    let identity = new_identity(hash_key, clock)?;
    write_identity(path, &identity)?;
    Ok(identity)
}

/// The identity of a store that is made now, whose object ids are those that `hash_key` makes.
pub(crate) fn new_identity(hash_key: [u8; 16], clock: &dyn Clock) -> Result<Identity> {
    let mut store = [0; 16];
    getrandom::fill(&mut store).map_err(io::Error::from).context("draw a store id")?;
    let created_by = concat!("groundsill ", env!("CARGO_PKG_VERSION")).to_owned();
    Ok(Identity { store: StoreId(store), hash_key, created_at: clock.wall_ms(), created_by })
}

/// Writes it, durably, into a directory that has none.
pub(crate) fn write_identity(path: &Path, identity: &Identity) -> Result<()> {
    write_durably(path, "identity", &identity.encode())
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
    sync(dir)
}

#[cfg(test)]
mod tests;

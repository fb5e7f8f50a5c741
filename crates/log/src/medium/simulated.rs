//! A directory in memory that forgets: what was not synced survives a power cut in part, chosen by a
//! seed. It also fails, lies and stops on demand.
//!
//! Knows nothing of what is in a file. It is part of the library, not of its tests, because the
//! simulation of the whole store runs on it.
//!
//! Invariants:
//! 1. The same calls and the same seed leave the same bytes.
//! 2. A power cut keeps every byte and name that was synced without a fault, and of what was not, any
//!    subset: of 4 KiB pages, and within a torn page of 512-byte sectors.
//! 3. What a failed sync was to store is stored in part and *forgotten*: a later sync does not make
//!    up for it, though reads go on showing it (as page caches do).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;

use base::rng::SplitMix64;
use parking_lot::Mutex;

use super::{File, Free, Medium};

const SECTOR: usize = 512;
const SECTORS_PER_PAGE: usize = 8;

/// What a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Making a file.
    Create,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Writing to a file.
    Write,
    /// Cutting a file.
    Cut,
    /// Syncing a file.
    Sync,
    /// Syncing a directory.
    SyncDirectory,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It fails with an I/O error. A failed write has written a part, a failed sync stored a part.
    Fail,
    /// It fails for want of space. A failed write has written a part.
    Full,
    /// It claims success and does nothing.
    Lie,
}

/// One fault: the `nth` operation of its kind from now on, counted from 1, and `times - 1` after it.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What it strikes.
    pub operation: Operation,
    /// Which one, counted from 1 and from now.
    pub nth: u64,
    /// How many in a row.
    pub times: u64,
    /// What it does.
    pub outcome: Outcome,
}

/// How often each operation was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files made.
    pub creates: u64,
    /// Files renamed.
    pub renames: u64,
    /// Files removed.
    pub removes: u64,
    /// Writes.
    pub writes: u64,
    /// Files cut.
    pub cuts: u64,
    /// Syncs of files.
    pub syncs: u64,
    /// Syncs of directories.
    pub directory_syncs: u64,
}

impl Counts {
    /// All operations that change something.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let of_bytes = self.writes + self.cuts + self.syncs;
        self.creates + self.renames + self.removes + of_bytes + self.directory_syncs
    }

    fn count(&mut self, operation: Operation) {
        match operation {
            Operation::Create => self.creates += 1,
            Operation::Rename => self.renames += 1,
            Operation::Remove => self.removes += 1,
            Operation::Write => self.writes += 1,
            Operation::Cut => self.cuts += 1,
            Operation::Sync => self.syncs += 1,
            Operation::SyncDirectory => self.directory_syncs += 1,
        }
    }
}

/// Called inside a sync, after what it will store is settled, with the file's name.
type SyncHook = Arc<dyn Fn(&str) + Send + Sync>;

/// A file's place: directory (each part followed by `/`) and name.
type Path = (String, String);

#[derive(Clone, Default)]
struct Inode {
    /// What reads show.
    current: Vec<u8>,
    /// What a power cut leaves at the least.
    stored: Vec<u8>,
    /// Sectors written since their last sync, with the number of the write.
    unsynced: BTreeMap<usize, u64>,
    /// Whether the length grew since the last sync.
    grown: bool,
}

#[derive(Clone)]
enum NameChange {
    Link(Path, u64),
    Unlink(Path),
    Rename(Path, Path, u64),
}

#[derive(Clone)]
struct Disk {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<Path, u64>,
    stored_names: BTreeMap<Path, u64>,
    unsynced_names: Vec<NameChange>,
    next_inode: u64,
    next_write: u64,
    faults: Vec<Fault>,
    halt_in: Option<u64>,
    halted: bool,
    free: Free,
    counts: Counts,
    faults_struck: u64,
    rng: SplitMix64,
}

/// A simulated directory. Clones are the same directory.
#[derive(Clone)]
pub struct SimulatedMedium {
    disk: Arc<Mutex<Disk>>,
    hook: Arc<Mutex<Option<SyncHook>>>,
    directory: String,
}

impl fmt::Debug for SimulatedMedium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedMedium")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl SimulatedMedium {
    /// An empty disk; `seed` decides what parts of failed operations take effect.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::over(Disk {
            inodes: BTreeMap::new(),
            names: BTreeMap::new(),
            stored_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            next_inode: 1,
            next_write: 1,
            faults: Vec::new(),
            halt_in: None,
            halted: false,
            free: Free { bytes: 1 << 40, inodes: 1 << 20 },
            counts: Counts::default(),
            faults_struck: 0,
            rng: SplitMix64::new(seed),
        })
    }

    fn over(disk: Disk) -> Self {
        Self { disk: Arc::new(Mutex::new(disk)), hook: Arc::default(), directory: String::new() }
    }

    /// What the disk holds after a power cut at this moment. The disk itself goes on.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let mut disk = self.disk.lock().clone();
        disk.cut_power(&mut SplitMix64::new(seed));
        disk.revive(seed);
        Self { directory: self.directory.clone(), ..Self::over(disk) }
    }

    /// What the disk holds after the process died at this moment: all that was written, still
    /// unsynced where it was. The disk itself goes on.
    #[must_use]
    pub fn kill(&self) -> Self {
        let mut disk = self.disk.lock().clone();
        disk.revive(0);
        Self { directory: self.directory.clone(), ..Self::over(disk) }
    }

    /// Plans a fault.
    pub fn inject(&self, fault: Fault) {
        self.disk.lock().faults.push(fault);
    }

    /// How many operations planned faults have struck.
    #[must_use]
    pub fn faults_struck(&self) -> u64 {
        self.disk.lock().faults_struck
    }

    /// Lets `operations` more operations that change something through; every later one fails and
    /// does nothing, as if the process were gone.
    pub fn halt_after(&self, operations: u64) {
        self.disk.lock().halt_in = Some(operations);
    }

    /// Whether an operation has failed because of [`SimulatedMedium::halt_after`].
    #[must_use]
    pub fn halted(&self) -> bool {
        self.disk.lock().halted
    }

    /// Sets what is free. Growing a file takes of it, making one takes an inode, removing gives back.
    pub fn set_free(&self, free: Free) {
        self.disk.lock().free = free;
    }

    /// Calls `hook` inside each sync of a file from now on, after what the sync will store is
    /// settled: what the hook writes is not covered by it.
    pub fn on_sync(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.hook.lock() = Some(Arc::new(hook));
    }

    /// How often each operation was asked for.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.disk.lock().counts
    }

    /// All bytes of a file, or `None` if there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk.lock();
        let inode = disk.names.get(&self.path(name))?;
        disk.inodes.get(inode).map(|inode| inode.current.clone())
    }

    /// Flips one bit of a file, as rot does: durably, and behind everyone's back. False if the file
    /// is not there or too short.
    pub fn flip_bit(&self, name: &str, offset: u64, bit: u8) -> bool {
        self.rot(name, offset, 1, |byte| byte ^ (1 << (bit & 7)))
    }

    /// Zeroes `len` bytes of a file, durably and behind everyone's back. False if the file is not
    /// there or too short.
    pub fn zero(&self, name: &str, offset: u64, len: u64) -> bool {
        self.rot(name, offset, len, |_| 0)
    }

    fn rot(&self, name: &str, offset: u64, len: u64, change: impl Fn(u8) -> u8) -> bool {
        let mut disk = self.disk.lock();
        let Some(inode) = disk.names.get(&self.path(name)).copied() else { return false };
        let Some(inode) = disk.inodes.get_mut(&inode) else { return false };
        let start = to_usize(offset);
        let range = start..start.saturating_add(to_usize(len));
        let Some(current) = inode.current.get_mut(range.clone()) else { return false };
        for byte in current {
            *byte = change(*byte);
        }
        if let Some(stored) = inode.stored.get_mut(range) {
            for byte in stored {
                *byte = change(*byte);
            }
        }
        true
    }

    fn path(&self, name: &str) -> Path {
        (self.directory.clone(), name.to_owned())
    }
}

/// What an operation is to do, once counted and struck or not by a fault.
enum Verdict {
    Go,
    Lie,
    Fail(io::Error),
}

impl Disk {
    fn admit(&mut self, operation: Operation) -> Result<Verdict, io::Error> {
        if let Some(left) = &mut self.halt_in {
            if *left == 0 {
                self.halted = true;
                return Err(io::Error::other("halted"));
            }
            *left -= 1;
        }
        self.counts.count(operation);
        let mut verdict = Verdict::Go;
        for fault in &mut self.faults {
            if fault.operation != operation || fault.times == 0 {
                continue;
            }
            if fault.nth > 1 {
                fault.nth -= 1;
                continue;
            }
            fault.times -= 1;
            self.faults_struck += 1;
            verdict = match fault.outcome {
                Outcome::Fail => Verdict::Fail(io::Error::from_raw_os_error(EIO)),
                Outcome::Full => Verdict::Fail(full()),
                Outcome::Lie => Verdict::Lie,
            };
        }
        Ok(verdict)
    }

    /// For operations on names: whether to do it.
    fn admit_simple(&mut self, operation: Operation) -> Result<bool, io::Error> {
        match self.admit(operation)? {
            Verdict::Go => Ok(true),
            Verdict::Lie => Ok(false),
            Verdict::Fail(error) => Err(error),
        }
    }

    fn link(&mut self, path: Path) -> Result<u64, io::Error> {
        if self.names.contains_key(&path) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        self.free.inodes = self.free.inodes.checked_sub(1).ok_or_else(full)?;
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::default());
        self.names.insert(path.clone(), inode);
        self.unsynced_names.push(NameChange::Link(path, inode));
        Ok(inode)
    }

    fn unlink(&mut self, path: Path) -> Result<(), io::Error> {
        let inode = self.names.remove(&path).ok_or(io::ErrorKind::NotFound)?;
        self.give_back(inode);
        self.unsynced_names.push(NameChange::Unlink(path));
        Ok(())
    }

    fn rename(&mut self, from: Path, to: Path) -> Result<(), io::Error> {
        let inode = self.names.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        if let Some(replaced) = self.names.insert(to.clone(), inode) {
            self.give_back(replaced);
        }
        self.unsynced_names.push(NameChange::Rename(from, to, inode));
        Ok(())
    }

    fn give_back(&mut self, inode: u64) {
        let len = self.inodes.get(&inode).map_or(0, |inode| inode.current.len());
        self.free.bytes = self.free.bytes.saturating_add(len as u64);
        self.free.inodes = self.free.inodes.saturating_add(1);
    }

    fn write(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> Result<(), io::Error> {
        let mut end = to_usize(offset).saturating_add(bytes.len());
        let len = self.inodes.get(&inode).map_or(0, |inode| inode.current.len());
        let grows = end.saturating_sub(len) as u64;
        let short = grows.saturating_sub(self.free.bytes);
        end = end.saturating_sub(to_usize(short));
        self.free.bytes -= grows - short;
        let written = end.saturating_sub(to_usize(offset)).min(bytes.len());
        self.put(inode, to_usize(offset), bytes.get(..written).unwrap_or_default());
        if short > 0 { Err(full()) } else { Ok(()) }
    }

    fn cut(&mut self, inode: u64, bytes: usize) {
        let Some(inode) = self.inodes.get_mut(&inode) else { return };
        let less = inode.current.len().saturating_sub(bytes) as u64;
        inode.current.truncate(bytes);
        inode.unsynced.retain(|sector, _| sector * SECTOR < bytes);
        self.free.bytes = self.free.bytes.saturating_add(less);
    }

    fn put(&mut self, inode: u64, offset: usize, bytes: &[u8]) {
        let Some(inode) = self.inodes.get_mut(&inode) else { return };
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if end > inode.current.len() {
            inode.grown = true;
            inode.current.resize(end, 0);
        }
        if let Some(place) = inode.current.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            inode.unsynced.insert(sector, self.next_write);
        }
        self.next_write += 1;
    }

    fn sync_names(&mut self, directory: &str) {
        let changes = std::mem::take(&mut self.unsynced_names);
        for change in changes {
            let of = match &change {
                NameChange::Link(path, _)
                | NameChange::Unlink(path)
                | NameChange::Rename(path, ..) => &path.0,
            };
            if of == directory {
                store_name(&mut self.stored_names, change);
            } else {
                self.unsynced_names.push(change);
            }
        }
    }

    fn cut_power(&mut self, rng: &mut SplitMix64) {
        for change in std::mem::take(&mut self.unsynced_names) {
            if rng.one_in(2) {
                store_name(&mut self.stored_names, change);
            }
        }
        self.names = self.stored_names.clone();
        let linked: BTreeSet<u64> = self.names.values().copied().collect();
        self.inodes.retain(|inode, _| linked.contains(inode));
        for inode in self.inodes.values_mut() {
            let sectors: Vec<usize> = inode.unsynced.keys().copied().collect();
            let survivors = survivors(&sectors, rng);
            if inode.grown && rng.one_in(2) {
                inode.stored.resize(inode.current.len(), 0);
            }
            if inode.stored.len() > inode.current.len() && rng.one_in(2) {
                inode.stored.truncate(inode.current.len());
            }
            inode.store(&inode.current.clone(), &survivors);
            inode.current.clone_from(&inode.stored);
            inode.unsynced.clear();
            inode.grown = false;
        }
    }

    /// Ends faults and halts: what happens from here on is another process's.
    fn revive(&mut self, seed: u64) {
        self.faults.clear();
        self.halt_in = None;
        self.halted = false;
        self.faults_struck = 0;
        self.counts = Counts::default();
        self.rng = SplitMix64::new(seed ^ 0x5eed);
    }
}

impl Inode {
    /// Stores `sectors` as they are in `content`.
    fn store(&mut self, content: &[u8], sectors: &[usize]) {
        for &sector in sectors {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(content.len());
            let Some(bytes) = content.get(start..end) else { continue };
            if self.stored.len() < end {
                self.stored.resize(end, 0);
            }
            if let Some(place) = self.stored.get_mut(start..end) {
                place.copy_from_slice(bytes);
            }
        }
    }
}

/// Chooses of `sectors` those that survive: whole pages, no page, or torn pages.
fn survivors(sectors: &[usize], rng: &mut SplitMix64) -> Vec<usize> {
    let mut kept = Vec::new();
    for page in sectors.chunk_by(|a, b| a / SECTORS_PER_PAGE == b / SECTORS_PER_PAGE) {
        match rng.below(5) {
            0 | 1 => kept.extend_from_slice(page),
            2 | 3 => {}
            _ => kept.extend(page.iter().filter(|_| rng.one_in(2))),
        }
    }
    kept
}

fn store_name(stored: &mut BTreeMap<Path, u64>, change: NameChange) {
    match change {
        NameChange::Link(path, inode) => {
            stored.insert(path, inode);
        }
        NameChange::Unlink(path) => {
            stored.remove(&path);
        }
        NameChange::Rename(from, to, inode) => {
            stored.remove(&from);
            stored.insert(to, inode);
        }
    }
}

/// The number of "input/output error" on Linux and the BSDs.
const EIO: i32 = 5;

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Medium for SimulatedMedium {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut disk = self.disk.lock();
        if !disk.admit_simple(Operation::Create)? {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let inode = disk.link(self.path(name))?;
        Ok(self.file(inode, name))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let disk = self.disk.lock();
        let inode = disk.names.get(&self.path(name)).copied();
        Ok(self.file(inode.ok_or(io::ErrorKind::NotFound)?, name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let disk = self.disk.lock();
        let names = disk.names.keys().filter(|(directory, _)| *directory == self.directory);
        Ok(names.map(|(_, name)| name.clone()).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        if disk.admit_simple(Operation::Rename)? {
            disk.rename(self.path(from), self.path(to))?;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        if disk.admit_simple(Operation::Remove)? {
            disk.unlink(self.path(name))?;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        if disk.admit_simple(Operation::SyncDirectory)? {
            disk.sync_names(&self.directory);
        }
        Ok(())
    }

    fn free(&self) -> io::Result<Free> {
        Ok(self.disk.lock().free)
    }

    fn subdirectory(&self, name: &str) -> io::Result<Arc<dyn Medium>> {
        let directory = format!("{}{name}/", self.directory);
        Ok(Arc::new(Self { directory, ..self.clone() }))
    }
}

impl SimulatedMedium {
    fn file(&self, inode: u64, name: &str) -> Arc<dyn File> {
        let (disk, hook) = (Arc::clone(&self.disk), Arc::clone(&self.hook));
        Arc::new(SimulatedFile { disk, hook, inode, name: name.to_owned() })
    }
}

struct SimulatedFile {
    disk: Arc<Mutex<Disk>>,
    hook: Arc<Mutex<Option<SyncHook>>>,
    inode: u64,
    name: String,
}

impl File for SimulatedFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        match disk.admit(Operation::Write)? {
            Verdict::Go => disk.write(self.inode, offset, bytes),
            Verdict::Lie => Ok(()),
            Verdict::Fail(error) => {
                let part = to_usize(disk.rng.below(bytes.len() as u64));
                disk.write(self.inode, offset, bytes.get(..part).unwrap_or_default())?;
                Err(error)
            }
        }
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let disk = self.disk.lock();
        let inode = disk.inodes.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        let start = to_usize(offset);
        let range = start..start.saturating_add(bytes.len());
        bytes.copy_from_slice(inode.current.get(range).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        match disk.admit(Operation::Cut)? {
            Verdict::Go => disk.cut(self.inode, to_usize(bytes)),
            Verdict::Lie => {}
            Verdict::Fail(error) => return Err(error),
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let (content, unsynced, failure) = {
            let mut disk = self.disk.lock();
            let failure = match disk.admit(Operation::Sync)? {
                Verdict::Go => None,
                Verdict::Lie => return Ok(()),
                Verdict::Fail(error) => Some(error),
            };
            let inode = disk.inodes.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
            (inode.current.clone(), inode.unsynced.clone(), failure)
        };
        let hook = self.hook.lock().clone();
        if let Some(hook) = hook {
            hook(&self.name);
        }
        let mut disk = self.disk.lock();
        let mut sectors: Vec<usize> = unsynced.keys().copied().collect();
        if failure.is_some() {
            sectors = survivors(&sectors, &mut disk.rng);
        }
        let inode = disk.inodes.get_mut(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        sectors.retain(|sector| inode.unsynced.contains_key(sector));
        if failure.is_none() && inode.stored.len() > content.len() {
            inode.stored.truncate(content.len());
        }
        if failure.is_none() && inode.stored.len() < content.len() {
            inode.stored.resize(content.len(), 0);
            inode.grown = inode.stored.len() < inode.current.len();
        }
        inode.store(&content, &sectors);
        inode.unsynced.retain(|sector, write| unsynced.get(sector) != Some(write));
        failure.map_or(Ok(()), Err)
    }

    fn len(&self) -> io::Result<u64> {
        let disk = self.disk.lock();
        let inode = disk.inodes.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        Ok(inode.current.len() as u64)
    }
}

#[cfg(test)]
mod tests;

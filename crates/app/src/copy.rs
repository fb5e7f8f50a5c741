//! A data directory copied whole, so that it is there under its name only when it is complete, durable and
//! the same: what `groundsill backup`, `groundsill restore` and `groundsill repair` share.
//!
//! Knows nothing of what is in the files, but that zeros at the end of a segment are room.
//!
//! Invariants:
//! 1. The source is held, verified before anything is made, and not changed, but for its `lock`.
//! 2. What is copied stands in `TARGET.partial` until it is synced, read again and found to be the same as the
//!    source; then it gets its name. The `identity` is written last, so that no server takes the half of a
//!    directory for a whole one.
//! 3. Nothing that was there is written over or removed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{Advice, fadvise};

use crate::data_dir::{DataDir, log_in, sync};
use crate::verify::{self, Findings};

mod progress;

pub(crate) use progress::Progress;

/// What is read and written at a time, in bytes.
const CHUNK_BYTES: usize = 1 << 20;

/// A segment in the making: zeros, which every open of the log removes.
const FILLING: &str = "shards/0/log/filling";

/// How a copy ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The target is there.
    Copied(Copied),
    /// What was to be copied is damaged: nothing was made.
    SourceDamaged,
    /// What was written is not what is read: `TARGET.partial` is left.
    CopyDiffers,
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) files: u64,
    /// Their lengths, the zeros at their ends included.
    pub(crate) bytes: u64,
    /// The last commit among them.
    pub(crate) last: u64,
    /// The first commit of history that was copied, where history before it is damaged.
    pub(crate) history: Option<u64>,
}

/// Where a copy goes: a name that nothing has yet.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    partial: PathBuf,
}

impl Target {
    /// The name of a directory that is not there; with `may_be_empty`, one without anything in it will do.
    pub(crate) fn new(path: &Path, may_be_empty: bool) -> Result<Self> {
        let path =
            std::path::absolute(path).with_context(|| format!("resolve {}", path.display()))?;
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            bail!("{} cannot be made: name a directory that is not there", path.display());
        };
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = parent.join(partial);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("look for {}", path.display()));
            }
            Ok(found) if may_be_empty && found.is_dir() => require_empty(&path, parent, &found)?,
            Ok(_) => bail!("{} is there already: name one that is not", path.display()),
        }
        if fs::symlink_metadata(&partial).is_ok() {
            bail!("{}", left(&partial));
        }
        Ok(Self { path, partial })
    }

    /// Where it stands until it is whole.
    pub(crate) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives what is whole its name, durably.
    pub(crate) fn finish(&self) -> Result<()> {
        let (partial, path) = (&self.partial, &self.path);
        fs::rename(partial, path)
            .with_context(|| format!("rename {} to {}", partial.display(), path.display()))?;
        sync(path.parent().unwrap_or(Path::new("/")))
    }

    /// Says of an error that half of it is left, if it is.
    pub(crate) fn explain<T>(&self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Err(error) if self.partial.is_dir() => Err(error.context(left(&self.partial))),
            outcome => outcome,
        }
    }

    /// A copy within what it is made of would have no end.
    pub(crate) fn require_outside(&self, source: &Path) -> Result<()> {
        let resolve = |path: &Path| {
            fs::canonicalize(path).with_context(|| format!("resolve {}", path.display()))
        };
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        if resolve(parent)?.starts_with(resolve(source)?) {
            bail!(
                "{} is within {}: name a directory outside of it",
                self.path.display(),
                source.display()
            );
        }
        Ok(())
    }
}

/// An empty directory is replaced by the copy, which a mount point cannot be.
fn require_empty(path: &Path, parent: &Path, found: &fs::Metadata) -> Result<()> {
    let mut entries = fs::read_dir(path).with_context(|| format!("read {}", path.display()))?;
    if entries.next().is_some() {
        bail!(
            "{} is not empty: name a directory that is, or one that is not there",
            path.display()
        );
    }
    let above = fs::metadata(parent).with_context(|| format!("look at {}", parent.display()))?;
    if above.dev() != found.dev() {
        bail!("{} is a mount point: name a directory in it", path.display());
    }
    Ok(())
}

fn left(partial: &Path) -> String {
    format!(
        "{} is left from a copy that did not come to its end: remove it, then try again",
        partial.display()
    )
}

/// Copies `source` to `target`. On an error after the copying began, `TARGET.partial` is left, and named.
pub(crate) fn copy(source: &DataDir, target: &Target, say: &mut dyn Write) -> Result<Outcome> {
    target.require_outside(&source.path)?;
    if source.is_unfinished {
        bail!(
            "the first start in {} has not come to its end, and there is nothing to copy yet",
            source.path.display()
        );
    }
    say_line(say, &format!("reading {}", source.path.display()))?;
    let mut before = verify::check(source)?;
    before.show(say)?;
    let mut from = 0;
    if let Some(sound) = before.log.sound_history() {
        // No state is in what is left out, so this is no reason to be without a backup.
        from = sound;
        before.log = verify::check_log(source, from, &mut |_| {})?;
        before.show(say)?;
    }
    if !before.is_sound() {
        return Ok(Outcome::SourceDamaged);
    }
    target.explain(write_copy(source, target, (from, &before), say))
}

/// Copies all but the segments before `from`, of which the findings are not.
fn write_copy(
    source: &DataDir,
    target: &Target,
    (from, before): (u64, &Findings),
    say: &mut dyn Write,
) -> Result<Outcome> {
    let partial = &target.partial;
    let files = Listing::new(&source.path, from)?;
    let history = (from > 0).then_some(before.log.oldest.0);
    if let Some(oldest) = history {
        say_line(say, &format!("leaving out history before commit {oldest}: it is not whole"))?;
    }
    let mut copied = Copied { files: 0, bytes: 0, last: before.last(), history };
    say_line(say, &format!("copying to {}", partial.display()))?;
    make_directory(partial)?;
    for directory in &files.directories {
        make_directory(&partial.join(directory))?;
    }
    let mut progress = Progress::new("copied", files.bytes);
    for file in &files.files {
        copied.bytes += copy_file(&source.path, partial, file, &mut progress)?;
        copied.files += 1;
    }
    for directory in files.directories.iter().rev() {
        sync(&partial.join(directory))?;
    }
    copied.bytes += copy_file(&source.path, partial, Path::new("identity"), &mut progress)?;
    copied.files += 1;
    sync(partial)?;
    progress.end();

    say_line(say, &format!("reading {}", partial.display()))?;
    // Held until it has its name, so that nobody starts on it meanwhile.
    let copy = DataDir::existing(partial)?;
    let after = verify::check(&copy)?;
    if after != *before || copy.identity != source.identity {
        after.show(say)?;
        return Ok(Outcome::CopyDiffers);
    }
    target.finish()?;
    Ok(Outcome::Copied(copied))
}

/// The number of the segment that a file of the log is, by its path in the data directory.
fn segment_of(file: &Path) -> Option<u64> {
    let is_of_log = file.parent() == Some(&*log_in(Path::new("")));
    let name = file.file_name().filter(|_| is_of_log)?.to_str()?;
    log::segment_number(name)
}

/// What of a data directory is copied, by paths in it, but for the `identity`.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Each after the one that it is in.
    pub(crate) directories: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) bytes: u64,
    /// The first segment of the log that is copied.
    from: u64,
}

impl Listing {
    fn new(root: &Path, from: u64) -> Result<Self> {
        let mut listing = Self { from, ..Self::default() };
        listing.add(root, Path::new("shards"))?;
        Ok(listing)
    }

    /// A directory, and what is in it.
    pub(crate) fn below(root: &Path, directory: &Path) -> Result<Self> {
        let mut listing = Self::default();
        listing.add(root, directory)?;
        Ok(listing)
    }

    fn add(&mut self, root: &Path, directory: &Path) -> Result<()> {
        self.directories.push(directory.to_owned());
        let path = root.join(directory);
        let read = || -> io::Result<Vec<_>> {
            fs::read_dir(&path)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
        };
        let mut names = read().with_context(|| format!("read {}", path.display()))?;
        names.sort();
        for name in names {
            let name = directory.join(name);
            let path = root.join(&name);
            // Links are followed: an operator may have put the log on a disk of its own.
            let found =
                fs::metadata(&path).with_context(|| format!("look at {}", path.display()))?;
            if found.is_dir() {
                self.add(root, &name)?;
            } else if !found.is_file() {
                bail!("{} is neither a file nor a directory: take it away", path.display());
            } else if name != Path::new(FILLING)
                && segment_of(&name).is_none_or(|segment| segment >= self.from)
            {
                self.bytes += found.len();
                self.files.push(name);
            }
        }
        Ok(())
    }
}

pub(crate) fn make_directory(path: &Path) -> Result<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.with_context(|| format!("make the directory {}", path.display()))
}

/// Copies one file and syncs it; its length. Chunks of zeros stay holes, unless there is nothing else: that is
/// a segment that waits for its use, and has to have its room.
pub(crate) fn copy_file(
    from: &Path,
    to: &Path,
    name: &Path,
    progress: &mut Progress,
) -> Result<u64> {
    let (from, to) = (from.join(name), to.join(name));
    let mut source = File::open(&from).with_context(|| format!("open {}", from.display()))?;
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(&to);
    let copy = made.with_context(|| format!("make {}", to.display()))?;
    let write_at = |bytes: &[u8], offset: u64| {
        copy.write_all_at(bytes, offset).with_context(|| format!("write {}", to.display()))
    };
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut length, mut is_zeros) = (0, true);
    loop {
        let count = read_chunk(&mut source, &mut chunk)
            .with_context(|| format!("read {}", from.display()))?;
        let bytes = chunk.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        if bytes.iter().any(|&byte| byte != 0) {
            write_at(bytes, length)?;
            is_zeros = false;
        }
        length += bytes.len() as u64;
        progress.add(bytes.len() as u64);
    }
    chunk.fill(0);
    let mut filled = if is_zeros { 0 } else { length };
    while filled < length {
        let count = CHUNK_BYTES.min(usize::try_from(length - filled).unwrap_or(CHUNK_BYTES));
        write_at(chunk.get(..count).unwrap_or_default(), filled)?;
        filled += count as u64;
    }
    copy.set_len(length)
        .and_then(|()| copy.sync_all())
        .with_context(|| format!("sync {}", to.display()))?;
    // What is read again is to come from the disk. Where that cannot be had, the sync has to do.
    let _refused = fadvise(&copy, 0, None, Advice::DontNeed);
    Ok(length)
}

/// Fills `chunk` as far as the file goes.
fn read_chunk(file: &mut File, chunk: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = chunk.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Tells how far it is. If nobody reads that, it goes on.
pub(crate) fn say_line(say: &mut dyn Write, line: &str) -> Result<()> {
    match writeln!(say, "{line}").and_then(|()| say.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("write to standard output")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

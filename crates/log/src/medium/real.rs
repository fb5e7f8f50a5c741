//! A directory of the machine's file system.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{File, Free, Medium};

/// A directory of real files. Files are made with mode 0600, directories with 0700.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`, made with its parents if it is not there; their names are durable on
    /// return.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        make(&path)?;
        Ok(Self { path })
    }
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make(parent)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::File::open(parent)?.sync_all()
}

impl Medium for Directory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Arc::new(RealFile(options.open(self.path.join(name))?)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let path = self.path.join(name);
        let mut options = fs::OpenOptions::new();
        let file = match options.read(true).write(true).open(&path) {
            // Where nothing can be written, it can be read still.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                fs::File::open(&path)?
            }
            opened => opened?,
        };
        Ok(Arc::new(RealFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()
    }

    fn free(&self) -> io::Result<Free> {
        let stat = rustix::fs::statvfs(&self.path)?;
        let inodes = if stat.f_files == 0 { u64::MAX } else { stat.f_favail };
        Ok(Free { bytes: stat.f_bavail.saturating_mul(stat.f_frsize), inodes })
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn subdirectory(&self, name: &str) -> io::Result<Arc<dyn Medium>> {
        Ok(Arc::new(Self::new(self.path.join(name))?))
    }
}

#[derive(Debug)]
struct RealFile(fs::File);

impl File for RealFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        if self.0.metadata()?.len() > bytes {
            self.0.set_len(bytes)?;
        }
        Ok(())
    }

    /// `fdatasync`: data, and of the metadata what is needed to read it back, its length among it.
    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

//! Brings tables to the disk while they are written, and not all at once when they are whole.
//!
//! The tree syncs a table at its end. What the system has kept back by then, 16 MiB or so, goes to the disk in one
//! go, and a sync of the log, which durable replies wait for, stands in line behind it. So whatever writes tables
//! syncs them every stretch: then no more than a stretch is ever in front.
//!
//! Does not know which table is whose: it syncs what has grown since it looked last. What such a sync cannot do the
//! tree is told by its own, since each descriptor of a file hears of a failed write.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A number may have been given to a table that came out empty.
const SKIPPED_MAX: u64 = 4;

/// So many of the latest tables are watched: those that one flush and one compaction have in hand, and more.
const TABLES_MAX: usize = 16;

/// Tables that came since some work began.
#[derive(Debug)]
pub(super) struct Writeback {
    dir: PathBuf,
    /// The number of the first table that was not found yet.
    next: u64,
    tables: VecDeque<Growing>,
}

#[derive(Debug)]
struct Growing {
    file: File,
    /// How long it was when it was synced last.
    synced: u64,
}

impl Writeback {
    /// Of the tables in `dir` from the number `first` on.
    pub(super) fn new(dir: &Path, first: u64) -> Self {
        Self { dir: dir.to_owned(), next: first, tables: VecDeque::new() }
    }

    /// Syncs what has been written since; how many bytes.
    pub(super) fn sync(&mut self) -> u64 {
        self.find();
        self.tables.iter_mut().map(Growing::sync).sum()
    }

    fn find(&mut self) {
        let mut skipped = 0;
        while skipped < SKIPPED_MAX {
            match File::open(self.dir.join((self.next + skipped).to_string())) {
                Ok(file) => {
                    self.next += skipped + 1;
                    skipped = 0;
                    self.tables.push_back(Growing { file, synced: 0 });
                }
                Err(_not_yet) => skipped += 1,
            }
        }
        let many = self.tables.len().saturating_sub(TABLES_MAX);
        self.tables.drain(..many);
    }
}

impl Growing {
    /// A table that did not grow is not synced again: even so the disk would be told to empty its cache.
    fn sync(&mut self) -> u64 {
        let len = self.file.metadata().map_or(self.synced, |data| data.len());
        let grown = len.saturating_sub(self.synced);
        if grown == 0 || self.file.sync_data().is_err() {
            return 0;
        }
        self.synced = len;
        grown
    }
}

#[cfg(test)]
mod tests;

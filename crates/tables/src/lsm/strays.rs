//! Files that a failed flush or compaction left behind.
//!
//! The tree removes them only at the next open. A full disk would stay full: each new attempt would
//! leave more of them. So the ids of all tables that ever became part of the tree are kept, and what
//! has another id, while nobody writes tables, is removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parking_lot::Mutex;

use super::manifest::tables_dir;
use crate::Error;

#[derive(Debug, Default)]
struct Register {
    /// Tables that are or were part of the tree; readers may still need the latter.
    known: BTreeSet<u64>,
    suspected: bool,
}

/// What is known of the table files.
#[derive(Debug, Default)]
pub(super) struct Strays {
    register: Mutex<Register>,
}

impl Strays {
    /// These tables are part of the tree. To be told by whoever put them there, before anybody
    /// else can take them out.
    pub(super) fn register(&self, tables: impl IntoIterator<Item = u64>) {
        self.register.lock().known.extend(tables);
    }

    /// Something failed, and may have left files.
    pub(super) fn suspect(&self) {
        self.register.lock().suspected = true;
    }

    /// Whether there may be strays.
    pub(super) fn suspected(&self) -> bool {
        self.register.lock().suspected
    }

    /// Removes the strays. The caller sees to it that no table is being written. How many there
    /// were.
    pub(super) fn sweep(&self, dir: &Path) -> Result<usize, Error> {
        let dir = tables_dir(dir);
        let mut register = self.register.lock();
        let mut present = BTreeSet::new();
        let mut swept = 0;
        for entry in fs::read_dir(&dir).map_err(Error::io("list", &dir))? {
            let path = entry.map_err(Error::io("list", &dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| name.parse().ok()) else { continue };
            if register.known.contains(&id) {
                present.insert(id);
            } else {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                swept += 1;
            }
        }
        register.known = present;
        register.suspected = false;
        Ok(swept)
    }
}

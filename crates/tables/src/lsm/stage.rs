//! A second directory that shows the tables on disk as they are at one moment, while the tree goes on: for a
//! copy of a store that runs.
//!
//! Tables never change, so a second name for each is enough, and keeps it when compaction removes the first.

use std::fs;
use std::io;
use std::path::Path;

use lsm_tree::AbstractTree;

use super::Tree;
use super::guard::guarded;
use super::manifest::{Manifest, table_path, tables_dir, version_path};
use crate::Error;

/// The state may be replaced, and its file removed, before it has been read; so often in a row it is not.
const TRIES: u32 = 16;

impl Tree {
    pub(super) fn stage(&self, into: &Path) -> Result<(), Error> {
        fs::create_dir(into).map_err(Error::io("create", into))?;
        let tables = tables_dir(into);
        fs::create_dir(&tables).map_err(Error::io("create", &tables))?;
        let current = || {
            guarded(|| Ok(self.inner.current_version()))
                .map_err(|failure| failure.at("read the state of", &self.dir))
        };
        // As long as it is held, the tables in it stay where they are.
        let mut version = current()?;
        let mut manifest = fs::read(version_path(&self.dir, version.id()));
        for _ in 1..TRIES {
            if !matches!(&manifest, Err(error) if error.kind() == io::ErrorKind::NotFound) {
                break;
            }
            version = current()?;
            manifest = fs::read(version_path(&self.dir, version.id()));
        }
        let from = version_path(&self.dir, version.id());
        let manifest = manifest.map_err(Error::io("read", &from))?;
        for table in version.iter_tables() {
            let to = table_path(into, table.id());
            fs::hard_link(table.path.as_path(), &to).map_err(Error::io("link", &to))?;
        }
        let to = version_path(into, version.id());
        fs::write(&to, manifest).map_err(Error::io("write", &to))?;
        Manifest::point_at(into, version.id())
    }
}

//! Opening: everything that the tree does not check for itself, and would get wrong without.

use std::fs;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base::{Event, Observer, Sequence};
use lsm_tree::compaction::Leveled;
use lsm_tree::{AbstractTree, AnyTree, Cache, Config, DescriptorTable, SequenceNumberCounter};
use parking_lot::Mutex;

use super::archive;
use super::damage::{Damage, checksum};
use super::figures::Gauges;
use super::grave::Grave;
use super::guard::guarded;
use super::horizon::Horizon;
use super::manifest::{Manifest, TableEntry, sync_dir, table_path, tables_dir};
use super::pace::{Pace, PacedCompactions};
use super::space::Space;
use super::strays::Strays;
use super::{Applier, Existing, Settings, Tree};
use crate::change::parse_applied;
use crate::{APPLIED_KEY, Error};

impl Tree {
    pub(super) fn open(
        dir: &Path,
        settings: &Settings,
        existing: Existing,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let dir = std::path::absolute(dir).map_err(Error::io("resolve", dir))?;
        let manifest = prepare(&dir, existing)?;
        let tables: &[TableEntry] = manifest.as_ref().map_or(&[], |manifest| &manifest.tables);
        let told = Arc::clone(&observer);
        let tree = Self::start(dir.clone(), settings, observer)
            .map_err(|error| blame(&dir, tables, error, &*told))?;
        if manifest.is_none() {
            sync_dir(&dir)?;
        }
        Ok(tree)
    }

    /// Lets the tree read what was found to be in order.
    fn start(
        dir: PathBuf,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let counter = SequenceNumberCounter::new(1);
        let cache = Arc::new(Cache::with_capacity_bytes(settings.cache_bytes));
        let pace = Arc::new(Pace::new(settings.background_bytes_per_second));
        let next_table = Arc::default();
        let space = Arc::new(Space::new(&dir, settings.disk_free_bytes_min));
        // The tree publishes to the second counter in the middle of batches; nobody reads it.
        let config = Config::new(&dir, counter.clone(), SequenceNumberCounter::default())
            .use_cache(Arc::clone(&cache))
            .use_descriptor_table(Some(Arc::new(DescriptorTable::new(settings.open_files))))
            .with_compaction_filter_factory(Some(Arc::new(PacedCompactions {
                pace: Arc::clone(&pace),
                dir: tables_dir(&dir),
                first: Arc::clone(&next_table),
                space: AssertUnwindSafe(Arc::clone(&space)),
            })));
        let inner = match guarded(|| config.open()).map_err(|failure| failure.at("open", &dir))? {
            AnyTree::Standard(tree) => tree,
            AnyTree::Blob(_) => {
                return Err(Error::damaged(dir.display().to_string(), "it keeps values apart"));
            }
        };
        counter.fetch_max(inner.get_highest_persisted_seqno().unwrap_or(0) + 1);
        let visible = counter.get();
        let applied = read_applied(&dir, &inner, visible)?;
        let gauges = Gauges::default();
        gauges.applied.store(applied.0, Ordering::Release);
        gauges.flushed.store(applied.0, Ordering::Release);
        let strays = Strays::default();
        strays.register(inner.current_version().iter_tables().map(lsm_tree::Table::id));
        let strategy = Leveled::default().with_table_target_size(settings.table_bytes);
        let applier = Applier { active: inner.active_memtable(), applied, interrupted: false };
        let tree = Self {
            dir,
            inner,
            counter,
            cache,
            strategy: Arc::new(strategy),
            table_bytes: settings.table_bytes,
            merge_bytes: 16 * settings.table_bytes,
            pace,
            next_table,
            space,
            observer,
            horizon: Arc::new(Horizon::new(visible, applied)),
            applier: Mutex::new(applier),
            sealed: Mutex::default(),
            flushing: Mutex::default(),
            compacting: Mutex::default(),
            strays,
            grave: Grave::default(),
            damage: Damage::default(),
            gauges,
        };
        tree.count_top_runs()?;
        Ok(tree)
    }
}

/// Checks what is there, and makes the directory if nothing is. What the manifest says, if there is
/// one.
fn prepare(dir: &Path, existing: Existing) -> Result<Option<Manifest>, Error> {
    let manifest = Manifest::read(dir)?;
    if let Some(manifest) = &manifest {
        for table in &manifest.tables {
            archive::contents(&table_path(dir, table.id))?;
        }
    } else {
        check_absent(dir, existing)?;
        create_dir(dir)?;
    }
    remove_unfinished(dir)?;
    Ok(manifest)
}

/// Without `current` there must be nothing: the tree would start empty and remove what there is.
/// A version file 0 may be there: a crash when the tree was being made.
fn check_absent(dir: &Path, existing: Existing) -> Result<(), Error> {
    let missing = || Error::damaged(dir.join("current").display().to_string(), "it is missing");
    if existing == Existing::Required {
        return Err(missing());
    }
    let beside = names(dir)?.into_iter().any(|name| name.starts_with('v') && name != "v0");
    if beside || !names(&tables_dir(dir))?.is_empty() {
        return Err(missing());
    }
    Ok(())
}

/// The names in a directory; none if it is not there.
fn names(dir: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list", dir)(e)),
    };
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect::<io::Result<_>>().map_err(Error::io("list", dir))
}

/// Makes a directory and the ones above it, durably.
fn create_dir(dir: &Path) -> Result<(), Error> {
    let Some(parent) = dir.parent() else { return Ok(()) };
    if dir.is_dir() {
        return Ok(());
    }
    create_dir(parent)?;
    fs::create_dir(dir).map_err(Error::io("create", dir))?;
    sync_dir(parent)
}

/// Removes pointers that a crash left half-written; the tree never looks at them again.
fn remove_unfinished(dir: &Path) -> Result<(), Error> {
    for name in names(dir)? {
        if name.starts_with(".tmp") || name == "current.new" {
            let path = dir.join(name);
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// The last commit in the tables.
fn read_applied(dir: &Path, inner: &lsm_tree::Tree, visible: u64) -> Result<Sequence, Error> {
    let damage = |reason| Error::damaged(dir.display().to_string(), reason);
    let row = guarded(|| Ok((inner.get(APPLIED_KEY, visible)?, inner.table_count())))
        .map_err(|failure| failure.at("read a row of", dir))?;
    match row {
        (Some(value), _) => {
            parse_applied(&value).ok_or_else(|| damage("its row `applied` is wrong"))
        }
        (None, 0) => Ok(Sequence::ZERO),
        (None, _) => Err(damage("its row `applied` is missing")),
    }
}

/// Names the file that is at fault, when the tree could not say: the first table whose bytes are
/// not those that the manifest has the checksum of.
fn blame(dir: &Path, tables: &[TableEntry], error: Error, observer: &dyn Observer) -> Error {
    let Error::Damaged { reason, .. } = &error else { return error };
    for table in tables {
        let path = table_path(dir, table.id);
        if checksum(&path).map_or(true, |found| found != table.checksum) {
            let file = path.display().to_string();
            observer.event(&Event::TableDamaged { file: file.clone(), reason: reason.clone() });
            return Error::damaged(file, reason.clone());
        }
    }
    error
}

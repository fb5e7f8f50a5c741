//! Reading everything once, to know whether it is whole. Changes nothing, and needs no open tree.

use std::path::Path;
use std::sync::Arc;

use base::Sequence;
use lsm_tree::{Cache, Checksum, Table};

use super::archive;
use super::damage::checksum;
use super::guard::{Failure, guarded};
use super::manifest::{Manifest, TableEntry, table_path};
use crate::change::parse_applied;
use crate::{APPLIED_KEY, Error};

/// Enough for the few blocks that one table's scan looks at again.
const CACHE_BYTES: u64 = 1024 * 1024;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// What was found.
    pub reason: String,
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Tables that the manifest names.
    pub tables: u64,
    /// Bytes read of them.
    pub bytes: u64,
    /// Entries read: rows, superseded versions and markers of deletion.
    pub entries: u64,
    /// The last commit in them, as far as they could be read.
    pub applied: Sequence,
    /// What is wrong; empty if all is well.
    pub problems: Vec<Problem>,
}

/// Reads the whole tree in `dir`, which no process may have open: the manifest, every byte of every
/// table against its checksum, every block, and the order of the keys in each table.
///
/// An error means that it could not be read at all; what is damaged is in the report.
pub fn verify(dir: &Path) -> Result<Report, Error> {
    verify_telling(dir, &mut |_| {})
}

/// The same, telling how many bytes more have been read after each table.
pub fn verify_telling(dir: &Path, told: &mut dyn FnMut(u64)) -> Result<Report, Error> {
    let mut report = Report::default();
    let current = dir.join("current").display().to_string();
    let manifest = match Manifest::read(dir) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => {
            let reason = "it is missing".to_owned();
            report.problems.push(Problem { file: current, reason });
            return Ok(report);
        }
        Err(Error::Damaged { file, reason }) => {
            report.problems.push(Problem { file, reason });
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let mut newest = None;
    for &table in &manifest.tables {
        report.tables += 1;
        match read_table(dir, table) {
            Ok(Read { bytes, entries, applied }) => {
                report.bytes += bytes;
                told(bytes);
                report.entries += entries;
                newest = newest.max(applied);
            }
            Err(Error::Damaged { file, reason }) => {
                report.problems.push(Problem { file, reason });
            }
            Err(error) => return Err(error),
        }
    }
    report.applied = newest.map_or(Sequence::ZERO, |(_, applied)| applied);
    if newest.is_none() && report.tables > 0 && report.problems.is_empty() {
        let (file, reason) = (dir.display().to_string(), "the row `applied` is missing".to_owned());
        report.problems.push(Problem { file, reason });
    }
    Ok(report)
}

/// What one table holds.
struct Read {
    bytes: u64,
    entries: u64,
    /// The newest row `applied` in it, with its number in the tree.
    applied: Option<(u64, Sequence)>,
}

/// Opens one table by itself.
pub(super) fn open_table(
    dir: &Path,
    entry: TableEntry,
    cache: Arc<Cache>,
) -> Result<Table, Failure> {
    let (path, expected) = (table_path(dir, entry.id), Checksum::from_raw(entry.checksum));
    guarded(|| Table::recover(path, expected, 0, 0, cache, None, true, true))
}

/// Reads one table.
fn read_table(dir: &Path, entry: TableEntry) -> Result<Read, Error> {
    let path = table_path(dir, entry.id);
    let damage = |reason: &str| Error::damaged(path.display().to_string(), reason);
    archive::contents(&path)?;
    let bytes = path.metadata().map_err(Error::io("measure", &path))?.len();
    if checksum(&path).map_err(Error::io("read", &path))? != entry.checksum {
        return Err(damage("its checksum is not the one in the manifest"));
    }
    let read = |failure: Failure| failure.at("read", &path);
    let cache = Arc::new(Cache::with_capacity_bytes(CACHE_BYTES));
    let table = open_table(dir, entry, cache).map_err(read)?;
    let mut entries = 0;
    let (mut previous, mut applied) = (None, None);
    let mut rows = table.iter();
    while let Some(row) = guarded(|| rows.next().transpose()).map_err(read)? {
        let (key, number) = (row.key.user_key, row.key.seqno);
        let ascends = previous.as_ref().is_none_or(|(last, last_number)| {
            (last, std::cmp::Reverse(*last_number)) < (&key, std::cmp::Reverse(number))
        });
        if !ascends {
            return Err(damage("its keys do not ascend"));
        }
        if *key == *APPLIED_KEY {
            let value =
                parse_applied(&row.value).ok_or_else(|| damage("its row `applied` is wrong"))?;
            applied = applied.max(Some((number, value)));
        }
        previous = Some((key, number));
        entries += 1;
    }
    if entries != table.metadata.item_count {
        return Err(damage("it has another number of entries than it says"));
    }
    Ok(Read { bytes, entries, applied })
}

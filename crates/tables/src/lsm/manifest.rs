//! Which tables make up the tree: the file `current`, and the version file that it points at.
//!
//! The tree neither compares the version file with the checksum in `current` nor minds when
//! `current` is missing (it starts an empty tree), so both are done here, before it is opened.
//!
//! `current`, 25 bytes, numbers little-endian: version u64, xxh3-128 of the file `v<version>`,
//! checksum type u8 (0). In the version file the section `tables`: levels u8, then for each level
//! runs u8, for each run tables u32, for each table id u64, checksum type u8 (0), xxh3-128 of the
//! table's file, u64 (0).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base::codec::{Malformed, Reader};
use xxhash_rust::xxh3::xxh3_128;

use super::archive::{self, checksum};
use crate::Error;

const CURRENT: &str = "current";
const CURRENT_BYTES: usize = 25;

/// A table that the manifest names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableEntry {
    pub(super) id: u64,
    /// Number of its run: the tables of one run overlap nowhere.
    pub(super) run: u64,
    /// Of the whole file.
    pub(super) checksum: u128,
}

/// The newest version of the tree, as it is on disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) version: u64,
    pub(super) tables: Vec<TableEntry>,
}

/// The directory of table files.
pub(super) fn tables_dir(dir: &Path) -> PathBuf {
    dir.join("tables")
}

/// Where a table is.
pub(super) fn table_path(dir: &Path, id: u64) -> PathBuf {
    tables_dir(dir).join(id.to_string())
}

/// Where the file of a version is.
pub(super) fn version_path(dir: &Path, version: u64) -> PathBuf {
    dir.join(format!("v{version}"))
}

fn damage(path: &Path, reason: impl Into<String>) -> Error {
    Error::damaged(path.display().to_string(), reason)
}

/// The bytes of a file; none if it is not there.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", path)(e)),
    }
}

impl Manifest {
    /// Reads and checks `current` and the version file; none if there is no `current`.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, Error> {
        let path = dir.join(CURRENT);
        let Some(current) = read(&path)? else { return Ok(None) };
        let (version, expected) =
            parse_current(&current).map_err(|e| damage(&path, e.to_string()))?;
        let path = version_path(dir, version);
        let Some(bytes) = read(&path)? else {
            return Err(damage(&path, "`current` points at it and it is missing"));
        };
        if xxh3_128(&bytes) != expected {
            return Err(damage(&path, "its checksum is not the one in `current`"));
        }
        let section = archive::contents(&path)?
            .into_iter()
            .find(|section| section.name == b"tables")
            .ok_or_else(|| damage(&path, "it has no list of tables"))?;
        let start = usize::try_from(section.at).unwrap_or(usize::MAX);
        let len = usize::try_from(section.len).unwrap_or(usize::MAX);
        let bytes = bytes
            .get(start..)
            .and_then(|rest| rest.get(..len))
            .ok_or_else(|| damage(&path, "its list of tables lies outside it"))?;
        let tables = parse_tables(bytes).map_err(|e| damage(&path, e.to_string()))?;
        Ok(Some(Self { version, tables }))
    }

    /// Makes `current` point at a version whose file is there, durably.
    pub(super) fn point_at(dir: &Path, version: u64) -> Result<(), Error> {
        let path = version_path(dir, version);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let mut current = version.to_le_bytes().to_vec();
        current.extend_from_slice(&xxh3_128(&bytes).to_le_bytes());
        current.push(0);
        let written = dir.join("current.new");
        let mut file = File::create(&written).map_err(Error::io("create", &written))?;
        file.write_all(&current).map_err(Error::io("write", &written))?;
        file.sync_all().map_err(Error::io("sync", &written))?;
        fs::rename(&written, dir.join(CURRENT)).map_err(Error::io("rename", &written))?;
        sync_dir(dir)
    }

    /// The version that `current` points at, without a look at its file.
    pub(super) fn pointed_at(dir: &Path) -> Result<Option<u64>, Error> {
        let path = dir.join(CURRENT);
        let Some(current) = read(&path)? else { return Ok(None) };
        let (version, _) = parse_current(&current).map_err(|e| damage(&path, e.to_string()))?;
        Ok(Some(version))
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(Error::io("sync", dir))
}

fn parse_current(bytes: &[u8]) -> Result<(u64, u128), Malformed> {
    let expected = "a pointer of 25 bytes";
    if bytes.len() != CURRENT_BYTES {
        return Err(Malformed { expected });
    }
    let mut reader = Reader::new(bytes);
    let pointer = (reader.u64(expected)?, checksum(&mut reader)?);
    if reader.u8(expected)? == 0 { Ok(pointer) } else { Err(Malformed { expected }) }
}

fn parse_tables(bytes: &[u8]) -> Result<Vec<TableEntry>, Malformed> {
    let mut reader = Reader::new(bytes);
    let (mut tables, mut run) = (Vec::new(), 0);
    for _ in 0..reader.u8("a count of levels")? {
        for _ in 0..reader.u8("a count of runs")? {
            run += 1;
            for _ in 0..reader.u32("a count of tables")? {
                let id = reader.u64("the id of a table")?;
                reader.u8("a type of checksum")?;
                tables.push(TableEntry { id, run, checksum: checksum(&mut reader)? });
                reader.u64("a base of sequences")?;
            }
        }
    }
    Ok(tables)
}

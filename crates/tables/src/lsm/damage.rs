//! Which file is at fault, when the tree says only that something is.
//!
//! The tree's errors name no file. So the tables that the read may have met are hashed, and
//! compared with the checksum that the manifest has of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Bound;
use std::path::Path;

use base::Event;
use lsm_tree::{AbstractTree, Table};
use parking_lot::Mutex;
use xxhash_rust::xxh3::Xxh3Default;

use super::Tree;
use super::guard::{Failure, guarded};
use crate::{Error, Value};

/// Where in the order of keys a scan has failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Near<'a> {
    /// Going up from here.
    Above(&'a Bound<Value>),
    /// Going down from here.
    Below(&'a Bound<Value>),
}

/// The tables that were found damaged, by id. Tables never change, so a verdict holds.
#[derive(Debug, Default)]
pub(super) struct Damage {
    found: Mutex<BTreeMap<u64, String>>,
}

impl Damage {
    /// The files that were found damaged.
    pub(super) fn files(&self) -> Vec<String> {
        self.found.lock().values().cloned().collect()
    }

    /// The error of a point read.
    pub(super) fn of_key(&self, tree: &Tree, failure: Failure, key: &[u8]) -> Error {
        let suspects = suspects(tree, |run| {
            let at = run.partition_point(|table| **table.metadata.key_range.max() < *key);
            (at, 1)
        });
        self.explain(tree, failure, "read a row of", &suspects)
    }

    /// The error of a scan: in each run, the table that it was in or the next one.
    pub(super) fn of_range(&self, tree: &Tree, failure: Failure, near: Near<'_>) -> Error {
        let suspects = suspects(tree, |run| nearest(run, near));
        self.explain(tree, failure, "read rows of", &suspects)
    }

    /// The error of a compaction, which may have met any table.
    pub(super) fn of_compaction(&self, tree: &Tree, failure: Failure) -> Error {
        let suspects = suspects(tree, |run| (0, run.len()));
        self.explain(tree, failure, "compact the tables of", &suspects)
    }

    fn explain(
        &self,
        tree: &Tree,
        failure: Failure,
        operation: &'static str,
        suspects: &[Table],
    ) -> Error {
        if let Failure::Damage(reason) = &failure
            && let Some(file) = self.culprit(tree, reason, suspects)
        {
            return Error::damaged(file, reason.clone());
        }
        failure.at(operation, &tree.dir)
    }

    fn culprit(&self, tree: &Tree, reason: &str, suspects: &[Table]) -> Option<String> {
        let known = |table: &Table| self.found.lock().get(&table.id()).cloned();
        if let Some(file) = suspects.iter().find_map(known) {
            return Some(file);
        }
        let table = suspects.iter().find(|table| {
            let path = table.path.as_path();
            checksum(path).map_or(true, |found| found != table.checksum().into_u128())
        })?;
        let file = table.path.display().to_string();
        if self.found.lock().insert(table.id(), file.clone()).is_none() {
            let (file, reason) = (file.clone(), reason.to_owned());
            tree.observer.event(&Event::TableDamaged { file, reason });
        }
        Some(file)
    }
}

/// Those tables of each run that `choose` gives: how many to skip, and how many to take.
fn suspects(tree: &Tree, choose: impl Fn(&[Table]) -> (usize, usize)) -> Vec<Table> {
    let chosen = guarded(|| {
        let version = tree.inner.current_version();
        let mut suspects = Vec::new();
        for run in version.iter_levels().flat_map(|level| level.iter()) {
            let (skip, take) = choose(run);
            suspects.extend(run.iter().skip(skip).take(take).cloned());
        }
        Ok(suspects)
    });
    chosen.unwrap_or_default()
}

/// The xxh3-128 of a whole file.
pub(super) fn checksum(path: &Path) -> io::Result<u128> {
    let mut file = File::open(path)?;
    let mut hasher = Xxh3Default::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.digest128());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

/// The two tables of a run around a position: how many come before them, and how many they are.
fn nearest(tables: &[Table], near: Near<'_>) -> (usize, usize) {
    match near {
        Near::Above(Bound::Included(key) | Bound::Excluded(key)) => {
            (tables.partition_point(|table| **table.metadata.key_range.max() < **key), 2)
        }
        Near::Above(Bound::Unbounded) => (0, 2),
        Near::Below(Bound::Included(key) | Bound::Excluded(key)) => {
            let end = tables.partition_point(|table| **table.metadata.key_range.min() <= **key);
            (end.saturating_sub(2), end.min(2))
        }
        Near::Below(Bound::Unbounded) => (tables.len().saturating_sub(2), 2),
    }
}

//! Where memtables and old states of the tree wait to be freed.
//!
//! Freeing a memtable takes long (one node per row), and freeing a table removes its file. Left to
//! the tree, both happen wherever the last reference dies: in a reader, or under the lock that all
//! readers need. So one more reference is kept here, and dropped by a background thread that holds
//! no lock.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use lsm_tree::Memtable;
use parking_lot::Mutex;

#[derive(Default)]
struct Buried {
    memtables: Vec<Arc<Memtable>>,
    /// States that were replaced, oldest first.
    versions: VecDeque<Box<dyn Any + Send>>,
}

/// What is to be freed.
#[derive(Default)]
pub(super) struct Grave {
    buried: Mutex<Buried>,
}

impl Grave {
    /// Takes a memtable that is in a table now.
    pub(super) fn memtable(&self, memtable: Arc<Memtable>) {
        self.buried.lock().memtables.push(memtable);
    }

    /// Takes a state of the tree that is about to be replaced.
    pub(super) fn version(&self, version: Box<dyn Any + Send>) {
        self.buried.lock().versions.push_back(version);
    }

    /// How many memtables are here.
    pub(super) fn memtables(&self) -> u64 {
        self.buried.lock().memtables.len() as u64
    }

    /// Frees what nobody else refers to, given how many replaced states the tree still keeps. Those
    /// are the newest ones, so what was taken in before them is referred to here alone. They are counted
    /// while nothing is taken in: a state that is replaced in between is not among them.
    pub(super) fn free(&self, versions_kept: impl FnOnce() -> usize) {
        let mut buried = self.buried.lock();
        let versions_kept = versions_kept();
        let alone = |memtable: &mut Arc<Memtable>| Arc::strong_count(memtable) == 1;
        let memtables: Vec<_> = buried.memtables.extract_if(.., alone).collect();
        let dead = buried.versions.len().saturating_sub(versions_kept);
        let versions: Vec<_> = buried.versions.drain(..dead).collect();
        drop(buried);
        drop(versions);
        drop(memtables);
    }
}

//! Figures: those that are read without a lock, and those that the tree is asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use base::Sequence;
use lsm_tree::AbstractTree;

use super::Tree;
use super::guard::guarded;
use crate::{Level, Sealed, Stats};

/// What is read without a lock.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    pub(super) applied: AtomicU64,
    pub(super) flushed: AtomicU64,
    pub(super) memtable_bytes: AtomicU64,
    pub(super) sealed: AtomicU64,
    pub(super) sealed_bytes: AtomicU64,
    pub(super) top_runs: AtomicU64,
    pub(super) flushes: AtomicU64,
    pub(super) compactions: AtomicU64,
    pub(super) failures: AtomicU64,
}

impl Tree {
    pub(super) fn applied(&self) -> Sequence {
        Sequence(self.gauges.applied.load(Ordering::Acquire))
    }

    pub(super) fn flushed(&self) -> Sequence {
        Sequence(self.gauges.flushed.load(Ordering::Acquire))
    }

    pub(super) fn memtable_bytes(&self) -> u64 {
        self.gauges.memtable_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn sealed(&self) -> Sealed {
        Sealed {
            count: self.gauges.sealed.load(Ordering::Relaxed),
            bytes: self.gauges.sealed_bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn top_runs(&self) -> u64 {
        self.gauges.top_runs.load(Ordering::Relaxed)
    }

    pub(super) fn stats(&self) -> Stats {
        let sealed = self.sealed();
        let of_disk = guarded(|| Ok(self.stats_of_disk())).unwrap_or_default();
        Stats {
            memtable_bytes: self.memtable_bytes(),
            sealed: sealed.count,
            sealed_bytes: sealed.bytes,
            buried_memtables: self.grave.memtables(),
            cache_bytes: self.cache.size(),
            cache_bytes_max: self.cache.capacity(),
            views: self.horizon.readers(),
            flushes: self.gauges.flushes.load(Ordering::Relaxed),
            compactions: self.gauges.compactions.load(Ordering::Relaxed),
            written_back_bytes: self.pace.written_back(),
            failures: self.gauges.failures.load(Ordering::Relaxed),
            damaged: self.damage.files(),
            ..of_disk
        }
    }

    fn stats_of_disk(&self) -> Stats {
        let version = self.inner.current_version();
        let levels: Vec<Level> = version
            .iter_levels()
            .map(|level| Level {
                tables: level.table_count() as u64,
                runs: level.run_count() as u64,
                bytes: level.size(),
            })
            .collect();
        let pinned = self.inner.pinned_filter_size() + self.inner.pinned_block_index_size();
        Stats {
            tables: levels.iter().map(|level| level.tables).sum(),
            bytes: levels.iter().map(|level| level.bytes).sum(),
            levels,
            entries: version.iter_tables().map(|table| table.metadata.item_count).sum(),
            tombstones: version.iter_tables().map(|table| table.metadata.tombstone_count).sum(),
            pinned_bytes: pinned as u64,
            versions_kept: self.inner.version_free_list_len() as u64,
            ..Stats::default()
        }
    }
}

//! Figures of the tables, for gauges and for people.

/// One level of tables; the first is the top, where flushes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Tables in it.
    pub tables: u64,
    /// Runs of tables with disjoint keys: how many tables a read of one key may meet in it.
    pub runs: u64,
    /// Their size on disk, in bytes.
    pub bytes: u64,
}

/// Figures of the tables at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By level, the top first.
    pub levels: Vec<Level>,
    /// Tables in all levels.
    pub tables: u64,
    /// Their size on disk, in bytes.
    pub bytes: u64,
    /// Entries in tables, superseded versions and markers of deletion among them.
    pub entries: u64,
    /// Markers of deletion in tables.
    pub tombstones: u64,
    /// The memtable that batches go to, in bytes of memory.
    pub memtable_bytes: u64,
    /// Memtables that wait for a flush.
    pub sealed: u64,
    /// Those, in bytes of memory.
    pub sealed_bytes: u64,
    /// Memtables that are in tables and kept in memory only because readers may still look at them,
    /// or because they have not been freed yet.
    pub buried_memtables: u64,
    /// Blocks in the cache, in bytes.
    pub cache_bytes: u64,
    /// And at most so many.
    pub cache_bytes_max: u64,
    /// Filter and index blocks that are held in memory outside the cache, in bytes.
    pub pinned_bytes: u64,
    /// Views and reads under way.
    pub views: u64,
    /// Older states of the tree that are kept for them.
    pub versions_kept: u64,
    /// Memtables written to tables since the open.
    pub flushes: u64,
    /// Pieces of compaction that changed tables since the open.
    pub compactions: u64,
    /// Bytes of tables that were synced while these were written.
    pub written_back_bytes: u64,
    /// Flushes and pieces of compaction that failed since the open.
    pub failures: u64,
    /// Files found damaged since the open.
    pub damaged: Vec<String>,
}

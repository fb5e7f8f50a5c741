//! The bounds that an operator sets. Each has a default; `app` prints them at start.

/// Bounds of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects that one transaction may open.
    pub transaction_objects: usize,
    /// Bytes of suffixes and values that one transaction may set.
    pub transaction_bytes: usize,
    /// Bytes of one value.
    pub value_bytes: usize,
    /// Bytes of content that a command may load of one object at once.
    pub object_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transaction_objects: 1 << 20,
            transaction_bytes: 128 << 20,
            value_bytes: 64 << 20,
            object_bytes: 256 << 20,
        }
    }
}

/// What a store is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bounds of one transaction.
    pub limits: Limits,
    /// Objects in memory, in bytes.
    pub objects_bytes: usize,
    /// The memtable is sealed when it reaches this many bytes.
    pub memtable_bytes: u64,
    /// What lies between the log and the tables, in bytes; from half of it on writers are slowed.
    pub backlog_bytes: usize,
    /// The backlog gathers up to this many bytes before it goes to the tables, unless somebody waits.
    pub gather_bytes: usize,
    /// Log that may have to be replayed, in bytes; at half of it the memtable is sealed.
    pub replay_bytes: u64,
    /// Unsynced bytes of a relaxed namespace are synced after this many milliseconds.
    pub sync_interval_ms: u64,
    /// What durability a new namespace starts with.
    pub durability: crate::Durability,
    /// Keys the hash that places objects in stripes.
    pub hash_seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            objects_bytes: 1 << 30,
            memtable_bytes: 64 << 20,
            backlog_bytes: 256 << 20,
            gather_bytes: 64 << 20,
            replay_bytes: base::limits::LOG_REPLAY_BYTES_MAX,
            sync_interval_ms: 100,
            durability: crate::Durability::Durable,
            hash_seed: 0,
        }
    }
}

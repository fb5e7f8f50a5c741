//! The bounds of the format. Those an operator may lower or raise are settings whose defaults stand
//! here; those that are part of the format are constants.

/// Longest object id and longest row suffix, in bytes.
pub const ID_BYTES_MAX: usize = 32 * 1024;

/// Longest value that one row holds, in bytes: content above it is split over rows.
pub const ROW_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A group is closed, and its frame written, when its payload reaches this many bytes.
pub const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// The log that memtables may hold before the oldest commit that is not yet in tables on disk, in bytes. What is not
/// applied yet comes on top.
pub const LOG_REPLAY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Trimmed segments are kept as history up to this many bytes.
pub const LOG_HISTORY_BYTES: u64 = 1024 * 1024 * 1024;

/// Trimmed segments are kept as history up to this age, in milliseconds.
pub const LOG_HISTORY_AGE_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Length of a preallocated log segment, in bytes.
pub const LOG_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// How far sequences jump at an open after an unclean stop: relaxed replies may have shown numbers
/// that a power cut took back, and none of them may be given again.
pub const UNCLEAN_SEQUENCE_GAP: u64 = 1 << 24;

/// Log segments are preallocated only while at least this much of the disk stays free, in bytes.
pub const DISK_FREE_BYTES_MIN: u64 = 256 * 1024 * 1024;

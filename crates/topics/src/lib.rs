//! Topics: partitioned logs of record batches, as functions over a transaction.
//!
//! An offset is assigned in the transaction, while the head of the partition is locked until the commit
//! is stamped: so the order of offsets is the order of commits, and there is no gap and no relay. Batches
//! are kept as they were produced; only the base offset is set.
//!
//! Knows no protocol and no socket. Reading batches blocks on the disk and is not part of a
//! transaction: [`partition::head`] says what there is, [`kv::Store::read_records`] reads it.
//!
//! Invariants:
//! 1. The next offset of a partition is one above the last offset of its last batch; it never goes back.
//! 2. A transaction that cannot produce what it says is refused as a whole: no state without its event.

pub mod partition;
pub mod producer;
pub mod topic;

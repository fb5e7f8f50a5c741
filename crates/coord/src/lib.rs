//! Coordination: locks with fencing tokens, and idempotency records, as functions over a transaction.
//!
//! Both are guards: [`lock::check`] and [`idempotency::claim`] refuse the whole transaction that they stand
//! in, so that what a paused holder or a repeated request would do does not happen. Whatever namespace
//! they are in, replies that depend on them wait until they are durable.
//!
//! Knows no protocol, no clock but the transaction's, no connection: a lock belongs to its token.
//!
//! Invariants:
//! 1. A token is the sequence of the commit that took the lock: later holders have higher ones.
//! 2. A lock or record is gone at its deadline in store time, not earlier, whatever the wall clock does.

pub mod idempotency;
pub mod lock;

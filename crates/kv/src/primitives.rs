//! The locks and atomics by which threads agree who wakes whom.
//!
//! Named here so that a checker of schedules can compile the modules that use them with its own:
//! `tests/schedules.rs`.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

pub(crate) use parking_lot::{Condvar, Mutex};

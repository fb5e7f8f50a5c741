//! The tables: rows on disk in order, an index of the log that can always be rebuilt from it.
//!
//! [`Tables`] is the waist. [`LsmTables`] keeps rows in an lsm-tree on the local disk;
//! [`ModelTables`] keeps them in memory in the plainest way, for simulation and as the twin that the
//! other is held to.
//!
//! Knows neither objects, locks nor the log. What a row means is not known here, except for the row
//! that says which commit was applied last ([`APPLIED_KEY`]).
//!
//! Invariants:
//! 1. A batch is visible and durable as a whole or not at all, with its `applied` sequence.
//! 2. A view sees exactly the batches applied before it was taken, for as long as it lives.
//! 3. A damaged block is an error of the read that meets it, never an absent row or a shorter scan.
//! 4. Nothing reaches a table before the log that it is an index of is durable
//!    ([`Tables::flush`]).
//! 5. A flush or a compaction that fails loses nothing and may be tried again.

mod change;
mod error;
mod lsm;
mod model;
mod span;
mod stats;
mod tables;

pub use change::{APPLIED_KEY, Change, KEY_BYTES_MAX, Value};
pub use error::Error;
pub use lsm::{AtRest, Existing, LsmTables, Problem, Report, Settings, verify, verify_telling};
pub use model::ModelTables;
pub use stats::{Level, Stats};
pub use tables::{Cause, Flush, Rows, Sealed, Tables, View};

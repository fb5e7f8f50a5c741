//! The commit log: what has happened, and in which order. The store is its log; the tables are its
//! index.
//!
//! [`Log`] is the waist: append a group, sync, read, trim, close. [`FileLog`] keeps it in segments on
//! a [`Medium`] (`docs/format.md`, "The log"); a medium is a directory of real files or a simulated
//! one that forgets unsynced pages. [`record`] is what a group's payload is made of.
//!
//! Knows neither objects, rows' meaning, locks nor threads; never decides what a commit contains.
//!
//! Invariants:
//! 1. What `append` returned survives the death of the process; what `sync` returned survives a
//!    power cut.
//! 2. A failed write or sync is final: every later call fails with [`Error::Poisoned`].
//! 3. Recovery returns a prefix of what was appended that holds everything synced, or refuses.

mod chain;
pub mod error;
pub mod file_log;
mod first_segment;
pub mod frame;
pub mod group;
mod high_water;
pub mod log;
pub mod medium;
mod opening;
mod position;
mod reader;
pub mod record;
mod recovery;
pub mod salvage;
mod segment;
mod sessions;
mod tail;
pub mod verify;

pub use error::Error;
pub use file_log::{Dropped, Extent, FileLog, Hold, Recovered, Settings};
pub use frame::{Frame, FrameKind};
pub use group::Group;
pub use log::{Frames, Log, Room, Upkeep};
pub use medium::{Directory, File, Free, Medium, SimulatedMedium};
pub use record::{Change, Changes, Record, Records, Session};
pub use salvage::Salvage;
pub use segment::number as segment_number;
pub use verify::{Damage, Report, SessionNames, Sessions, dump, verify};

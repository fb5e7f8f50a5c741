//! The workers of a store, one file each.

use std::time::Duration;

mod applier;
mod cursor;
mod evictor;
mod flusher;
mod log_upkeep;
mod reclaimer;
mod sweeper;
mod syncer;
mod tables_upkeep;
mod timekeeper;
mod writer;

pub(crate) use applier::Applier;
pub(crate) use evictor::Evictor;
pub(crate) use flusher::Flusher;
pub(crate) use log_upkeep::LogUpkeep;
pub use reclaimer::OWED_COUNTED_MAX;
pub(crate) use reclaimer::Reclaimer;
pub(crate) use sweeper::Sweeper;
pub(crate) use syncer::Syncer;
pub(crate) use tables_upkeep::TablesUpkeep;
pub(crate) use timekeeper::Timekeeper;
pub(crate) use writer::Writer;

/// Where a worker has met nothing new for so long, it takes the store to rest.
const REST_TIME: Duration = Duration::from_secs(10);

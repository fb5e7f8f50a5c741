//! The workers of a store, one file each.

mod applier;
mod flusher;
mod log_upkeep;
mod syncer;
mod tables_upkeep;
mod timekeeper;
mod writer;

pub(crate) use applier::{Applier, Fold};
pub(crate) use flusher::Flusher;
pub(crate) use log_upkeep::LogUpkeep;
pub(crate) use syncer::Syncer;
pub(crate) use tables_upkeep::TablesUpkeep;
pub(crate) use timekeeper::Timekeeper;
pub(crate) use writer::Writer;

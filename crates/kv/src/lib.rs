//! The store: namespaces, objects, transactions, and the pipeline that makes commits durable.
//!
//! A transaction is a closure over [`Txn`]: it opens objects, reads and sets their rows, and either
//! commits as one record of the log or is undone without trace. [`Store::attempt`] runs one round of
//! it and never waits; what it lacks is loaded by [`Store::load`] and it is run again. [`Worker`]s carry
//! commits from the queue to the log and on to the tables.
//!
//! Knows neither sockets, protocols, threads nor the machine's clock, nor which log and which tables it
//! stands on; not what the rows of an object mean.
//!
//! Invariants:
//! 1. Transactions are serializable in the order of their sequences.
//! 2. Memory holds nothing of an object, or nothing older than its last commit.
//! 3. What a reply depends on is known when the transaction ends: [`Receipt`].

mod admission;
mod audit;
mod check;
mod clock;
mod commit;
mod deadlines;
mod error;
mod figures;
mod flush;
mod fold;
mod interest;
mod key;
mod keyspace;
mod load;
mod lock;
mod moving;
mod namespace;
mod object;
mod open;
mod packed;
mod plan;
mod primitives;
mod queue;
mod reading;
mod records;
mod series;
mod settings;
mod shard;
mod signal;
mod snapshot;
mod store;
mod stripe;
mod survey;
mod txn;
mod unsynced;
mod wait;
mod watermark;
mod worker;
mod workers;

pub use audit::{Audit, Bounds as AuditBounds, Fault, Rule, Scan, Scanned, audit};
pub use check::check_row;
pub use error::{Error, Refusal, Stop};
pub use figures::{Figure, Figures, Standing, TIME_BOUNDS_US, Times};
pub use interest::Watch;
pub use keyspace::{Listed, Listing, Overview};
pub use load::Load;
pub use log::record::Session;
pub use namespace::{Durability, Handle, Layer};
pub use object::{Header, Type};
pub use open::{Ground, Start};
pub use packed::{BYTES_MAX as PACKED_BYTES_MAX, LONE_ROW_BYTES_MAX, ROWS_MAX as PACKED_ROWS_MAX};
pub use plan::{Access, Allowance, Attempt, Place, Plan, Receipt, Want};
pub use queue::Origin;
pub use reading::{
    CatalogueRow, HeaderBody, RowKey, catalogue_bounds, describe_row, read_catalogue, read_header,
    read_key, read_owed_space,
};
pub use records::StoredRecord;
pub use series::SERIES_MAX;
pub use settings::{Limits, Settings};
pub use signal::Signal;
pub use snapshot::{Snapshot, StoredRow};
pub use store::Store;
pub use tables::Stats as TablesStats;
pub use txn::{Object, RowRef, Savepoint, Txn};
pub use watermark::{Level, Reached, Watermarks};
pub use worker::{Next, Worker, Workers};
pub use workers::OWED_COUNTED_MAX;

//! The fronts: one session per connection that decodes, checks, runs a layer's function as a
//! transaction, waits until its outcome is as durable as asked, and encodes.
//!
//! Knows neither files, signals nor the environment; sockets are handed to it.
//!
//! Invariants:
//! 1. A reply leaves only when everything it depends on has come as far as its durability asks.
//! 2. Replies leave in the order of their requests.
//! 3. Whatever a client sends, the process goes on and its memory stays bounded.

mod access;
mod budget;
mod clients;
mod counters;
mod host;
pub mod http;
pub mod kafka;
mod latency;
mod parameters;
mod pause;
mod records;
mod refusal;
pub mod resp;
mod rows;
mod server;
mod slowlog;
mod usage;

pub use access::{Access, PASSWORD_BYTES_MAX, Users, UsersError, hash_line};
pub use host::{Host, Usage};
pub use rows::{Name, Names};
pub use server::{Limits, Server};
pub use topics::partition::records_of;

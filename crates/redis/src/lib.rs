//! The Redis data model: commands as data, and each command as one function over a transaction.
//!
//! [`COMMANDS`] is the one table; arity, keys, flags, documentation and the answers of COMMAND come out
//! of it. A command that touches keys is [`Run::Txn`]: it reads its arguments, opens objects through
//! [`Call`], and writes its reply. A command about the connection itself is [`Run::Connection`]: what it
//! does is the front's. One that is about all keys of a database is a [`Walk`].
//!
//! Knows neither sockets nor sessions, clocks, the log, nor when a reply may leave.
//!
//! Invariants:
//! 1. A command that answers an error has changed nothing: whoever runs it rolls it back.
//! 2. A command does the same whenever it is run again on the same objects.
//!
//! Source: the documentation of Redis 7.2; `docs/protocols/redis.md` says where we differ.

mod acl;
mod arguments;
mod call;
mod command;
mod commands;
mod databases;
mod error;
mod expiry;
mod hash;
mod integer;
mod keys;
mod names;
mod options;
mod stream;
mod string;
mod table;
mod walk;
#[cfg(test)]
mod world;

pub use arguments::syntax;
pub use call::{Call, check_key};
pub use command::{
    Arity, Client, Command, Config, Connection, Flags, Group, KeySpec, Latency, Run, Slowlog,
};
pub use databases::{DATABASES_NAMED_MAX, databases_named};
pub use error::Error;
pub use keys::{HASH_BYTES, Keys};
pub use names::type_named;
pub use stream::Stream;
pub use table::{COMMANDS, find};
pub use walk::{Ask, Told, Walk};

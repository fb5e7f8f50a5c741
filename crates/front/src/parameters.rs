//! The parameters of CONFIG: a closed table of three kinds.
//!
//! *Effective* ones do what they say, until the end of the process. *Fixed* ones tell what is so; setting
//! them to that is taken, to anything else is an error that says what to use. *Inert* ones have no
//! counterpart here: they are taken and told again, so that clients that set them go on, and do nothing.
//! `docs/protocols/redis.md` lists them, and a test holds the two together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use kv::Durability;
use parking_lot::Mutex;
use wire::resp::parse_i64;

use crate::server::{DATABASES, Server};
use crate::slowlog::ENTRIES_MAX;

/// Bytes of a value that is kept for an inert parameter.
const INERT_BYTES_MAX: usize = 1024;

/// One parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// See the module's description.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Effective { cell: fn(&Server) -> &AtomicI64, least: i64, most: i64 },
    Fixed { value: fn(&Server) -> String, instead: &'static str },
    Inert { initial: &'static str },
}

const fn effective(
    name: &'static str,
    cell: fn(&Server) -> &AtomicI64,
    least: i64,
    most: i64,
) -> Parameter {
    Parameter { name, kind: Kind::Effective { cell, least, most } }
}

const fn fixed(
    name: &'static str,
    value: fn(&Server) -> String,
    instead: &'static str,
) -> Parameter {
    Parameter { name, kind: Kind::Fixed { value, instead } }
}

const fn inert(name: &'static str, initial: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Inert { initial } }
}

const AT_START: &str = "set it when the server is started";
const BY_DURABILITY: &str = "set `durability` when the server is started";

/// Every parameter, in ascending order of name.
pub(crate) static PARAMETERS: &[Parameter] = &[
    inert("activedefrag", "no"),
    inert("activerehashing", "yes"),
    inert("aof-rewrite-incremental-fsync", "yes"),
    fixed("appendfsync", append_fsync, BY_DURABILITY),
    fixed("appendonly", |_| "yes".to_owned(), "everything is written to the log"),
    inert("auto-aof-rewrite-min-size", "67108864"),
    inert("auto-aof-rewrite-percentage", "100"),
    fixed("bind", |server| server.host.bind.clone(), "set `resp` when the server is started"),
    inert(
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    ),
    fixed("cluster-enabled", |_| "no".to_owned(), "there is no cluster mode"),
    fixed("databases", |_| DATABASES.to_string(), "there are always so many"),
    fixed("dir", |server| server.host.dir.clone(), "set `data` when the server is started"),
    inert("dynamic-hz", "yes"),
    inert("hash-max-listpack-entries", "128"),
    inert("hash-max-listpack-value", "64"),
    inert("hash-max-ziplist-entries", "128"),
    inert("hash-max-ziplist-value", "64"),
    inert("hz", "10"),
    inert("jemalloc-bg-thread", "yes"),
    effective("latency-monitor-threshold", |server| &server.latencies.threshold_ms, 0, i64::MAX),
    inert("lazyfree-lazy-eviction", "no"),
    inert("lazyfree-lazy-expire", "no"),
    inert("lazyfree-lazy-server-del", "no"),
    inert("lazyfree-lazy-user-del", "no"),
    inert("lazyfree-lazy-user-flush", "no"),
    inert("lfu-decay-time", "1"),
    inert("lfu-log-factor", "10"),
    inert("list-compress-depth", "0"),
    inert("list-max-listpack-size", "-2"),
    inert("list-max-ziplist-size", "-2"),
    fixed(
        "maxclients",
        |server| server.limits.connections.to_string(),
        "set `connections` when the server is started",
    ),
    fixed(
        "maxmemory",
        |server| server.host.memory_bytes.to_string(),
        "set `memory` when the server is started",
    ),
    fixed("maxmemory-policy", |_| "noeviction".to_owned(), "what leaves memory stays on disk"),
    inert("maxmemory-samples", "5"),
    inert("no-appendfsync-on-rewrite", "no"),
    fixed("notify-keyspace-events", |_| String::new(), "changes of keys are not announced"),
    fixed("port", |server| server.host.port.to_string(), "set `resp` when the server is started"),
    fixed(
        "proto-max-bulk-len",
        |server| server.store.settings().limits.value_bytes.to_string(),
        "a value takes at most so many bytes",
    ),
    inert("rdb-save-incremental-fsync", "yes"),
    inert("rdbchecksum", "yes"),
    inert("rdbcompression", "yes"),
    fixed("requirepass", |_| String::new(), AT_START),
    fixed(
        "save",
        |_| String::new(),
        "everything is synced as it is written; there are no snapshots",
    ),
    inert("set-max-intset-entries", "512"),
    effective("slowlog-log-slower-than", |server| &server.slowlog.threshold_us, -1, i64::MAX),
    effective("slowlog-max-len", |server| &server.slowlog.entries_max, 0, ENTRIES_MAX),
    inert("stop-writes-on-bgsave-error", "yes"),
    fixed("tcp-keepalive", |_| "0".to_owned(), "set it in the kernel"),
    fixed("timeout", |_| "0".to_owned(), "idle connections are not closed"),
    inert("zset-max-listpack-entries", "128"),
    inert("zset-max-listpack-value", "64"),
    inert("zset-max-ziplist-entries", "128"),
    inert("zset-max-ziplist-value", "64"),
];

fn append_fsync(server: &Server) -> String {
    match server.store.settings().durability {
        Durability::Durable => "always".to_owned(),
        Durability::Relaxed => "everysec".to_owned(),
    }
}

/// What was set of the inert parameters.
#[derive(Debug, Default)]
pub(crate) struct Inert(Mutex<BTreeMap<&'static str, Vec<u8>>>);

/// The parameter of that name, in any case of letters.
pub(crate) fn find(name: &[u8]) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| name.eq_ignore_ascii_case(parameter.name.as_bytes()))
}

impl Parameter {
    /// Its value.
    pub(crate) fn get(&self, server: &Server) -> Vec<u8> {
        match self.kind {
            Kind::Effective { cell, .. } => {
                cell(server).load(Ordering::Relaxed).to_string().into_bytes()
            }
            Kind::Fixed { value, .. } => value(server).into_bytes(),
            Kind::Inert { initial } => {
                let set = server.inert.0.lock();
                set.get(self.name).map_or(initial.as_bytes().to_vec(), Clone::clone)
            }
        }
    }

    /// Whether it can be set to `value`; if not, why, and what to do.
    pub(crate) fn check(&self, server: &Server, value: &[u8]) -> Result<(), String> {
        match self.kind {
            Kind::Effective { least, most, .. } => match parse_i64(value) {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                Some(_) => Err(format!("argument must be between {least} and {most} inclusive")),
                None => Err("argument couldn't be parsed into an integer".to_owned()),
            },
            Kind::Fixed { value: fixed, instead } => {
                let fixed = fixed(server);
                if value == fixed.as_bytes() {
                    return Ok(());
                }
                Err(format!("it is fixed at '{fixed}': {instead}"))
            }
            Kind::Inert { .. } if value.len() > INERT_BYTES_MAX => {
                Err(format!("argument takes at most {INERT_BYTES_MAX} bytes"))
            }
            Kind::Inert { .. } => Ok(()),
        }
    }

    /// Sets it to a value that was checked.
    pub(crate) fn set(&self, server: &Server, value: &[u8]) {
        match self.kind {
            Kind::Effective { cell, .. } => {
                if let Some(number) = parse_i64(value) {
                    cell(server).store(number, Ordering::Relaxed);
                }
            }
            Kind::Fixed { .. } => {}
            Kind::Inert { .. } => {
                server.inert.0.lock().insert(self.name, value.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Processes, and what they hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Probed;

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processes {
    /// File descriptors that are taken.
    #[serde(default)]
    pub descriptors: Probed<Descriptors>,
    /// Processes of servers that are known by their names, such as `redis-server`; of those with children, the first.
    #[serde(default)]
    pub servers: Probed<Vec<Known>>,
}

/// What a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// Redis or Valkey.
    Redis,
    /// PgBouncer.
    Pgbouncer,
    /// etcd.
    Etcd,
    /// MongoDB.
    Mongo,
    /// A broker of Kafka, ZooKeeper, Elasticsearch, Cassandra: something on a Java machine.
    Java,
    /// RabbitMQ: something on an Erlang machine.
    Erlang,
}

/// A process of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The process.
    pub process: Process,
    /// What it serves.
    pub kind: Kind,
    /// Where it works: for the databases among them the folder of their data. None if this may not be seen.
    pub folder: Option<String>,
    /// Its control group, as `/proc/PID/cgroup` has it for `memory` of version 1, or else for version 2.
    pub cgroup: Option<String>,
    /// Bytes of its memory that are resident.
    pub resident_bytes: Option<u64>,
    /// `THP_enabled` of `/proc/PID/status` (Linux 5.0): whether it takes huge pages if the machine gives them.
    pub huge_pages: Option<bool>,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it calls itself.
    pub name: String,
}

/// File descriptors over all processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptors {
    /// Processes that hold at least half of what they may.
    pub processes: Vec<Holder>,
    /// Percent of what it may have that the fullest of all holds.
    pub most: u64,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// How many descriptors a process holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process.
    pub process: Process,
    /// Descriptors that it has open.
    pub open: u64,
    /// More it may not have: its soft limit.
    pub limit: u64,
    /// What its soft limit may be raised to; none if to anything.
    pub hard: Option<u64>,
}

impl Holder {
    /// Percent of what it may have that it holds; 0 where it may have none.
    pub fn share(&self) -> u64 {
        self.open.saturating_mul(100).checked_div(self.limit).unwrap_or(0)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} \"{}\"", self.pid, self.name)
    }
}

//! A server of Redis or Valkey, as one user may see it.
//!
//! Holds no name of a key, no value, no address and no name of a client. What a version does not tell is missing in a map, and
//! what a user may not see is no part that was seen: never a zero.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Offset, Probed};
use crate::check::Blind;

mod clients;
mod cluster;
mod file;
mod process;
mod sample;

pub use clients::*;
pub use cluster::*;
pub use file::*;
pub use process::*;
pub use sample::*;

/// A server of Redis or Valkey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {
    /// `INFO`, of those fields that checks need, as they are written there.
    pub info: Probed<BTreeMap<String, String>>,
    /// Databases that hold keys, by their numbers: `INFO keyspace`.
    pub keyspace: Probed<BTreeMap<u64, RedisKeyspace>>,
    /// Replicas that the server feeds: `INFO replication`.
    pub replicas: Probed<Vec<RedisReplica>>,
    /// How often each command was called since the server was started or its counters were set back: `INFO commandstats`. With
    /// subcommands (`config|set`) from Redis 7.0 on.
    pub calls: Probed<BTreeMap<String, u64>>,
    /// How often it answered with an error of these kinds since then: `INFO errorstats`, from 6.2 on. One that is not there never was.
    pub errors: Probed<BTreeMap<String, u64>>,
    /// `CONFIG GET`, of those names that checks need; what holds a secret is not asked for.
    pub config: Probed<BTreeMap<String, String>>,
    /// How far its clock is from that of the machine that looks.
    pub clock: Probed<Offset>,
    /// Whether it let the doctor in without a password.
    pub is_open: Probed<bool>,
    /// `CLIENT LIST`, counted.
    pub clients: Probed<RedisClients>,
    /// `SLOWLOG GET`: commands without their arguments, the newest first.
    pub slow: Probed<Vec<RedisSlow>>,
    /// `LATENCY LATEST`.
    pub latency: Probed<Vec<RedisLatency>>,
    /// How many channels of keyspace events somebody listens to by name: `PUBSUB CHANNELS`.
    pub event_channels: Probed<u64>,
    /// Some of its keys.
    pub sample: Probed<RedisSample>,
    /// `CLUSTER INFO` and `CLUSTER NODES`, where it is part of a cluster.
    pub cluster: Probed<RedisCluster>,
    /// Its process, where that runs on this machine.
    pub process: Probed<RedisProcess>,
    /// Its file of settings, where that is on this machine.
    pub file: Probed<RedisFile>,
}

/// Keys of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisKeyspace {
    /// How many.
    pub keys: u64,
    /// How many of them have a time to live.
    pub expires: u64,
}

/// A replica that the server feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisReplica {
    /// `online`, `wait_bgsave`, `send_bulk`.
    pub state: String,
    /// Seconds since it last acknowledged; none of a version that does not tell.
    pub lag_seconds: Option<u64>,
}

/// A command that took long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSlow {
    /// Rises by one with each; never set back while the server runs.
    pub id: u64,
    /// When, in seconds since 1970 by the clock of the server.
    pub at_seconds: u64,
    /// How long, in microseconds.
    pub micros: u64,
    /// Its name in lower case, without arguments.
    pub command: String,
}

/// Something that took long, of a kind that the server watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisLatency {
    /// Such as `fork`, `aof-fsync-always`.
    pub event: String,
    /// When last, in seconds since 1970 by the clock of the server.
    pub at_seconds: u64,
    /// How long then, in milliseconds.
    pub last_ms: u64,
    /// The longest since the server was started or this was set back.
    pub longest_ms: u64,
}

impl Redis {
    /// A field of `INFO`; one that this version does not tell is absent.
    pub fn field(&self, name: &str) -> Result<&str, Blind> {
        let field = self.info.seen()?.get(name);
        field
            .map(String::as_str)
            .ok_or_else(|| Blind::Absent(format!("field {name} in INFO of this version")))
    }

    /// A number of `INFO`.
    pub fn number<N: FromStr>(&self, name: &str) -> Result<N, Blind> {
        let field = self.field(name)?;
        field.parse().map_err(|_error| {
            Blind::Failed(format!("INFO says {name} is \"{field}\", which is no number"))
        })
    }

    /// A counter of `INFO`; none where this version does not keep it.
    pub fn counter(&self, name: &str) -> Result<Option<u64>, Blind> {
        let field = self.info.seen()?.get(name);
        Ok(field.and_then(|field| field.parse().ok()))
    }

    /// A setting; one that this version does not have is absent.
    pub fn setting(&self, name: &str) -> Result<&str, Blind> {
        let setting = self.config.seen()?.get(name);
        setting
            .map(String::as_str)
            .ok_or_else(|| Blind::Absent(format!("setting {name} in this version")))
    }

    /// A setting that is a number.
    pub fn amount(&self, name: &str) -> Result<u64, Blind> {
        let setting = self.setting(name)?;
        setting
            .parse()
            .map_err(|_error| Blind::Failed(format!("{name} is \"{setting}\", which is no number")))
    }

    /// Whether it copies another.
    pub fn is_replica(&self) -> Result<bool, Blind> {
        Ok(self.field("role")? == "slave")
    }
}

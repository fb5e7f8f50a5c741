//! Some of the keys of a database: counted, never named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Keys that `SCAN` met first, at most a thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSample {
    /// Which database.
    pub database: u64,
    /// How many.
    pub keys: u64,
    /// Of these, how many will never expire, by their type (`string`, `list`, `stream` and so on).
    pub lasting: BTreeMap<String, u64>,
    /// How many will expire, by their type.
    pub expiring: BTreeMap<String, u64>,
    /// The most of them that expire within one second, which is at least 10 s from now.
    pub together: u64,
    /// In how many seconds that second begins.
    pub together_in_seconds: u64,
    /// Of prefixes that the user named, how many keys there are.
    pub prefixes: BTreeMap<String, RedisPrefix>,
    /// How many were measured with `MEMORY USAGE`.
    #[serde(default)]
    pub measured: u64,
    /// The largest of these, the largest first, at most five.
    #[serde(default)]
    pub largest: Vec<RedisLarge>,
}

/// Keys whose names begin alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisPrefix {
    /// That will never expire.
    pub lasting: u64,
    /// That will.
    pub expiring: u64,
}

/// A large key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisLarge {
    /// Its type.
    pub kind: String,
    /// Bytes, as the server estimates them.
    pub bytes: u64,
}

impl RedisSample {
    /// How many will never expire.
    pub fn lasting(&self) -> u64 {
        self.lasting.values().sum()
    }

    /// How many will.
    pub fn expiring(&self) -> u64 {
        self.expiring.values().sum()
    }
}

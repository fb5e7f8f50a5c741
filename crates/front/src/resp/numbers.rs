//! The numbers of commands, as the log keeps them: who made a commit, and with what.
//!
//! A command's number is its place in [`NAMES`], from 1; 0 is the store's own work. The list only grows at
//! its end, and nothing in it moves: old logs are read with it.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Every command there has been, in the order in which it got its number.
static NAMES: &[&str] = &[
    "append",
    "auth",
    "bgrewriteaof",
    "bgsave",
    "client",
    "command",
    "config",
    "copy",
    "dbsize",
    "debug",
    "decr",
    "decrby",
    "del",
    "discard",
    "echo",
    "exec",
    "exists",
    "expire",
    "expireat",
    "expiretime",
    "flushall",
    "flushdb",
    "function",
    "get",
    "getdel",
    "getex",
    "getrange",
    "getset",
    "hdel",
    "hello",
    "hexists",
    "hget",
    "hgetall",
    "hincrby",
    "hincrbyfloat",
    "hkeys",
    "hlen",
    "hmget",
    "hmset",
    "hrandfield",
    "hscan",
    "hset",
    "hsetnx",
    "hstrlen",
    "hvals",
    "incr",
    "incrby",
    "incrbyfloat",
    "info",
    "keys",
    "lastsave",
    "latency",
    "memory",
    "mget",
    "mset",
    "msetnx",
    "multi",
    "object",
    "persist",
    "pexpire",
    "pexpireat",
    "pexpiretime",
    "ping",
    "psetex",
    "pttl",
    "quit",
    "randomkey",
    "rename",
    "renamenx",
    "reset",
    "save",
    "scan",
    "select",
    "set",
    "setex",
    "setnx",
    "setrange",
    "slowlog",
    "strlen",
    "substr",
    "time",
    "touch",
    "ttl",
    "type",
    "unlink",
    "unwatch",
    "wait",
    "waitaof",
    "watch",
    "idem.claim",
    "idem.get",
    "idem.save",
    "lock.acquire",
    "lock.check",
    "lock.info",
    "lock.release",
    "lock.renew",
    "topic.create",
    "topic.delete",
    "topic.describe",
    "topic.produce",
    "topic.read",
    "acl",
    "swapdb",
];

static NUMBERS: LazyLock<HashMap<&'static str, u32>> =
    LazyLock::new(|| NAMES.iter().copied().zip(1..).collect());

/// The number of a command; of a subcommand, its container's.
pub(crate) fn of(name: &str) -> u32 {
    let container = name.split('|').next().unwrap_or(name);
    NUMBERS.get(container).copied().unwrap_or(0)
}

/// One beyond the last number.
pub(crate) fn end() -> usize {
    NAMES.len() + 1
}

/// The command with that number.
pub fn name_of(number: u32) -> Option<&'static str> {
    NAMES.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;

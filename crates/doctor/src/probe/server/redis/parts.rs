//! What answers mean.

use std::collections::BTreeMap;

use redis_client::Value;

use crate::snapshot::{
    Probed, RedisClientKind, RedisClients, RedisCluster, RedisLatency, RedisSlow,
};

/// The settings that checks need: never `requirepass`, `masterauth` or what else is secret.
pub(super) const SETTINGS: &[&str] = &[
    "save",
    "appendonly",
    "appendfsync",
    "no-appendfsync-on-rewrite",
    "stop-writes-on-bgsave-error",
    "maxmemory",
    "maxmemory-policy",
    "maxclients",
    "min-replicas-to-write",
    "min-replicas-max-lag",
    "repl-backlog-size",
    "repl-timeout",
    "replica-serve-stale-data",
    "replica-priority",
    "replica-read-only",
    "client-output-buffer-limit",
    "notify-keyspace-events",
    "protected-mode",
    "bind",
    "activedefrag",
    "databases",
    "latency-monitor-threshold",
    "slowlog-log-slower-than",
];

/// A name of a command is so long at most; what is longer is none.
const COMMAND_CHARS_MAX: usize = 32;

fn strange<T>() -> Probed<T> {
    Probed::Failed("its answer is not as expected".to_owned())
}

/// An answer that is a text.
pub(super) fn text(value: Value) -> Probed<String> {
    match value {
        Value::BulkString(bytes) => Probed::Seen(String::from_utf8_lossy(&bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Probed::Seen(text),
        Value::Okay => Probed::Seen("OK".to_owned()),
        _ => strange(),
    }
}

/// An answer that is a list.
pub(super) fn list(value: Value) -> Probed<Vec<Value>> {
    match value {
        Value::Array(values) => Probed::Seen(values),
        _ => strange(),
    }
}

/// How long a list is.
pub(super) fn count(value: Value) -> Probed<u64> {
    list(value).map(|values| values.len() as u64)
}

/// Seconds since 1970, and microseconds of the next: as microseconds.
pub(super) fn time(value: Value) -> Probed<i64> {
    list(value).and_then(|values| {
        let mut parts = values.into_iter().map(|it| text(it).seen().ok()?.parse::<i64>().ok());
        let (seconds, us) = (parts.next().flatten(), parts.next().flatten());
        let told = seconds.zip(us);
        let told = told.and_then(|(seconds, us)| seconds.checked_mul(1_000_000)?.checked_add(us));
        told.map_or_else(|| Probed::Failed("its answer is no time".to_owned()), Probed::Seen)
    })
}

/// An answer that is a number, which may be negative.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

/// Names and values in turn. Of `bind` only how far it reaches is kept.
pub(super) fn pairs(value: Value) -> Probed<Vec<(String, String)>> {
    list(value).and_then(|values| {
        let texts: Option<Vec<String>> =
            values.into_iter().map(|it| text(it).seen().ok().cloned()).collect();
        let Some(texts) = texts else { return strange() };
        let pair = |pair: &[String]| match pair {
            [name, value] if SETTINGS.contains(&name.as_str()) => {
                let value = if name == "bind" { reach(value) } else { value };
                Some((name.clone(), value.to_owned()))
            }
            _ => None,
        };
        Probed::Seen(texts.chunks(2).filter_map(pair).collect())
    })
}

/// Whether other machines can reach the addresses that a server listens on.
fn reach(bind: &str) -> &str {
    let is_own = |address: &str| {
        let address = address.trim_start_matches('-');
        address.starts_with("127.") || matches!(address, "::1" | "localhost")
    };
    // Without an address it listens on all.
    let mut addresses = bind.split_whitespace().peekable();
    if addresses.peek().is_some() && addresses.all(is_own) { "this machine" } else { "others" }
}

/// The name of a command, if it can be one.
fn command(word: &str) -> Option<String> {
    let is_name = !word.is_empty()
        && word.len() <= COMMAND_CHARS_MAX
        && word.chars().all(|it| it.is_ascii_alphanumeric() || "._|-".contains(it));
    is_name.then(|| word.to_lowercase())
}

/// `CLIENT LIST`: a client on each line, its fields `name=value`. The doctor itself is left out.
pub(super) fn clients(text: &str) -> RedisClients {
    let mut clients = RedisClients::default();
    for line in text.lines() {
        let field = |name: &str| {
            let mut fields = line.split(' ').filter_map(|field| field.split_once('='));
            fields.find(|(key, _)| *key == name).map_or("", |(_, value)| value)
        };
        let number = |name: &str| field(name).parse::<u64>().unwrap_or(0);
        if field("id").is_empty() || field("name") == "groundsill-doctor" {
            continue;
        }
        let flags = field("flags");
        let kind = if flags.contains('M') {
            RedisClientKind::Primary
        } else if flags.contains('S') {
            RedisClientKind::Replica
        } else if number("sub") + number("psub") + number("ssub") > 0 {
            RedisClientKind::Pubsub
        } else {
            RedisClientKind::Normal
        };
        *clients.counts.entry(kind).or_default() += 1;
        let most = clients.most_output_bytes.entry(kind).or_default();
        *most = number("omem").max(*most);
        if flags.contains('b') {
            let command = command(field("cmd")).unwrap_or_else(|| "other".to_owned());
            *clients.blocked.entry(command).or_default() += 1;
        }
    }
    clients
}

/// Entries `[id, seconds, microseconds, [command, arguments...], ...]`: of the command only its name.
pub(super) fn slow(value: Value) -> Probed<Vec<RedisSlow>> {
    let entry = |value: Value| {
        let Value::Array(fields) = value else { return None };
        let [id, at, micros, Value::Array(words), ..] = fields.as_slice() else { return None };
        let name = words.first().cloned().map(text)?;
        let whole = |value| u64::try_from(number(value)?).ok();
        Some(RedisSlow {
            id: whole(id)?,
            at_seconds: whole(at)?,
            micros: whole(micros)?,
            command: command(name.seen().ok()?).unwrap_or_else(|| "other".to_owned()),
        })
    };
    list(value).map(|values| values.into_iter().filter_map(entry).collect())
}

/// Entries `[event, seconds, milliseconds last, milliseconds at most]`.
pub(super) fn latency(value: Value) -> Probed<Vec<RedisLatency>> {
    let entry = |value: Value| {
        let Value::Array(fields) = value else { return None };
        let [event, at, last, longest, ..] = fields.as_slice() else { return None };
        let whole = |value| u64::try_from(number(value)?).ok();
        Some(RedisLatency {
            event: text(event.clone()).seen().ok()?.clone(),
            at_seconds: whole(at)?,
            last_ms: whole(last)?,
            longest_ms: whole(longest)?,
        })
    };
    list(value).map(|values| values.into_iter().filter_map(entry).collect())
}

/// `CLUSTER INFO`, lines `name:value`, and `CLUSTER NODES`, a node on each line: the own one also has the slots on their way,
/// `[93-<-NODE]` that come and `[77->-NODE]` that go.
pub(super) fn cluster(info: &str, nodes: &str) -> RedisCluster {
    let fields: BTreeMap<&str, &str> =
        info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
    let number = |name: &str| fields.get(name).and_then(|it| it.parse().ok()).unwrap_or(0);
    let own = nodes.lines().find(|line| line.contains("myself")).unwrap_or("");
    let moving = |mark: &str| -> Vec<u64> {
        let slots = own.split(' ').filter_map(|word| word.strip_prefix('[')?.split_once(mark));
        let mut slots: Vec<u64> = slots.filter_map(|(slot, _)| slot.parse().ok()).collect();
        slots.sort_unstable();
        slots
    };
    RedisCluster {
        state: fields.get("cluster_state").copied().unwrap_or("unknown").to_owned(),
        assigned: number("cluster_slots_assigned"),
        failed: number("cluster_slots_fail"),
        suspected: number("cluster_slots_pfail"),
        nodes: number("cluster_known_nodes"),
        migrating: moving("->-"),
        importing: moving("-<-"),
    }
}

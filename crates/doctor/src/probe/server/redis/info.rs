//! What `INFO` tells.

use std::collections::BTreeMap;

use crate::snapshot::{Probed, RedisKeyspace, RedisReplica};

/// The fields that checks need. None of them is a value, a name of a key or an address; `config_file` is the path of a file.
const FIELDS: &[&str] = &[
    "redis_version",
    "valkey_version",
    "redis_mode",
    "process_id",
    "uptime_in_seconds",
    "config_file",
    "connected_clients",
    "maxclients",
    "blocked_clients",
    "used_memory",
    "used_memory_rss",
    "used_memory_peak",
    "used_memory_lua",
    "number_of_cached_scripts",
    "total_system_memory",
    "maxmemory",
    "maxmemory_policy",
    "mem_fragmentation_ratio",
    "allocator_frag_ratio",
    "allocator_frag_bytes",
    "mem_not_counted_for_evict",
    "active_defrag_running",
    "loading",
    "async_loading",
    "rdb_changes_since_last_save",
    "rdb_bgsave_in_progress",
    "rdb_last_save_time",
    "rdb_last_bgsave_status",
    "rdb_last_cow_size",
    "aof_enabled",
    "aof_rewrite_in_progress",
    "aof_last_bgrewrite_status",
    "aof_last_write_status",
    "aof_last_cow_size",
    "aof_delayed_fsync",
    "aof_pending_bio_fsync",
    "server_time_usec",
    "total_commands_processed",
    "rejected_connections",
    "sync_full",
    "sync_partial_ok",
    "sync_partial_err",
    "expired_keys",
    "expired_stale_perc",
    "expired_time_cap_reached_count",
    "evicted_keys",
    "keyspace_hits",
    "keyspace_misses",
    "latest_fork_usec",
    "total_forks",
    "client_output_buffer_limit_disconnections",
    "client_query_buffer_limit_disconnections",
    "role",
    "connected_slaves",
    "min_slaves_good_slaves",
    "master_link_status",
    "master_last_io_seconds_ago",
    "master_link_down_since_seconds",
    "master_sync_in_progress",
    "slave_priority",
    "slave_read_repl_offset",
    "master_repl_offset",
    "repl_backlog_active",
    "repl_backlog_size",
    "repl_backlog_histlen",
    "cluster_enabled",
];

/// The kinds of errors that checks need: scripts make up others.
const ERRORS: &[&str] = &["READONLY"];

/// Lines `name:value`.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.trim_end().split_once(':'))
}

/// A value `name=number,name=number`.
fn number(value: &str, name: &str) -> Option<u64> {
    let pairs = value.split(',').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name)?.1.parse().ok()
}

/// Of [`FIELDS`].
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    let known = lines(text).filter(|(name, _)| FIELDS.contains(name));
    known.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `db0:keys=2,expires=1,avg_ttl=0`.
pub(super) fn keyspace(text: &str) -> BTreeMap<u64, RedisKeyspace> {
    let one = |(name, value): (&str, &str)| {
        let database = name.strip_prefix("db")?.parse().ok()?;
        let (keys, expires) = (number(value, "keys")?, number(value, "expires")?);
        Some((database, RedisKeyspace { keys, expires }))
    };
    lines(text).filter_map(one).collect()
}

/// `slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1`.
pub(super) fn replicas(text: &str) -> Vec<RedisReplica> {
    let one = |(name, value): (&str, &str)| {
        let _index: u64 = name.strip_prefix("slave")?.parse().ok()?;
        let mut pairs = value.split(',').filter_map(|pair| pair.split_once('='));
        let state = pairs.find(|(key, _)| *key == "state")?.1.to_owned();
        Some(RedisReplica { state, lag_seconds: number(value, "lag") })
    };
    lines(text).filter_map(one).collect()
}

/// `cmdstat_config|set:calls=1,usec=8,...`.
pub(super) fn calls(text: &str) -> BTreeMap<String, u64> {
    let one = |(name, value): (&str, &str)| {
        Some((name.strip_prefix("cmdstat_")?.to_owned(), number(value, "calls")?))
    };
    lines(text).filter_map(one).collect()
}

/// `errorstat_READONLY:count=3`. A server that counts them says so in a heading, even if there were none.
pub(super) fn errors(text: &str) -> Probed<BTreeMap<String, u64>> {
    if !text.lines().any(|line| line.trim_end() == "# Errorstats") {
        return Probed::Absent(
            "count of errors by their kind: Redis has it from 6.2 on".to_owned(),
        );
    }
    let one = |(name, value): (&str, &str)| {
        let kind = name.strip_prefix("errorstat_").filter(|kind| ERRORS.contains(kind))?;
        Some((kind.to_owned(), number(value, "count")?))
    };
    Probed::Seen(lines(text).filter_map(one).collect())
}

//! What the console answers, as pure functions of rows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Row;
use crate::snapshot::{
    PgbouncerDatabase, PgbouncerPool, PgbouncerServer, PgbouncerStats, Probed, SERVERS_MAX,
};

/// The console itself, which is told beside what is pooled.
const CONSOLE: &str = "pgbouncer";

/// So many pools and databases are kept.
const KEPT_MAX: usize = 1_000;

/// Settings that checks need. Of the others some tell where passwords are, or how they are asked for.
const SETTINGS: [&str; 16] = [
    "client_idle_timeout",
    "default_pool_size",
    "idle_transaction_timeout",
    "max_client_conn",
    "max_db_connections",
    "max_prepared_statements",
    "max_user_connections",
    "min_pool_size",
    "pool_mode",
    "query_wait_timeout",
    "reserve_pool_size",
    "reserve_pool_timeout",
    "server_idle_timeout",
    "server_lifetime",
    "server_round_robin",
    "track_extra_parameters",
];

fn number(row: &Row, name: &str) -> Option<u64> {
    row.get(name)?.parse().ok()
}

fn text(row: &Row, name: &str) -> Option<String> {
    row.get(name).filter(|it| !it.is_empty()).cloned()
}

/// `PgBouncer 1.18.0`; before 1.12 it was a notice and no row.
pub(super) fn version(rows: &[Row]) -> Probed<String> {
    let told = rows.first().and_then(|row| row.get("version"));
    let number = told.and_then(|told| told.split_whitespace().find(|word| word.contains('.')));
    number.map_or_else(
        || Probed::Absent("version in the answer to SHOW VERSION: before 1.12".to_owned()),
        |number| Probed::Seen(number.to_owned()),
    )
}

pub(super) fn pools(rows: &[Row]) -> Vec<PgbouncerPool> {
    let of = |row: &Row| {
        let count = |name| number(row, name);
        let wait_ms = count("maxwait").map(|seconds| {
            seconds.saturating_mul(1_000).saturating_add(count("maxwait_us").unwrap_or(0) / 1_000)
        });
        let idle = ["sv_idle", "sv_used", "sv_tested"].map(count);
        PgbouncerPool {
            database: text(row, "database").unwrap_or_default(),
            user: text(row, "user").unwrap_or_default(),
            clients_active: count("cl_active"),
            clients_waiting: count("cl_waiting"),
            servers_active: count("sv_active"),
            servers_idle: idle.into_iter().sum(),
            servers_login: count("sv_login"),
            longest_wait_ms: wait_ms,
            mode: text(row, "pool_mode"),
        }
    };
    let mut pools: Vec<_> = rows.iter().map(of).filter(|it| it.database != CONSOLE).collect();
    pools.sort_by_key(|it| Reverse((it.clients_waiting, it.longest_wait_ms)));
    pools.truncate(KEPT_MAX);
    pools
}

pub(super) fn servers(rows: &[Row]) -> Vec<PgbouncerServer> {
    let of = |row: &Row| PgbouncerServer {
        database: text(row, "database").unwrap_or_default(),
        user: text(row, "user").unwrap_or_default(),
        address: text(row, "addr"),
        port: number(row, "port"),
        own_address: text(row, "local_addr"),
        own_port: number(row, "local_port"),
        pid: number(row, "remote_pid").filter(|pid| *pid > 0),
    };
    rows.iter().map(of).take(SERVERS_MAX).collect()
}

pub(super) fn databases(rows: &[Row]) -> Vec<PgbouncerDatabase> {
    let of = |row: &Row| {
        let count = |name| number(row, name);
        let flag = |name| number(row, name).map(|it| it > 0);
        PgbouncerDatabase {
            name: text(row, "name").unwrap_or_default(),
            host: text(row, "host"),
            port: count("port"),
            pool_size: count("pool_size"),
            reserve: count("reserve_pool_size").or_else(|| count("reserve_pool")),
            mode: text(row, "pool_mode"),
            connections_max: count("max_connections"),
            connections: count("current_connections"),
            paused: flag("paused"),
            disabled: flag("disabled"),
        }
    };
    rows.iter().map(of).filter(|it| it.name != CONSOLE).take(KEPT_MAX).collect()
}

pub(super) fn stats(rows: &[Row]) -> BTreeMap<String, PgbouncerStats> {
    let of = |row: &Row| {
        let database = text(row, "database").filter(|it| it != CONSOLE)?;
        let stats = PgbouncerStats {
            transactions: number(row, "total_xact_count"),
            queries: number(row, "total_query_count"),
            wait_us: number(row, "total_wait_time"),
            client_parses: number(row, "total_client_parse_count"),
        };
        Some((database, stats))
    };
    rows.iter().filter_map(of).take(KEPT_MAX).collect()
}

pub(super) fn config(rows: &[Row]) -> BTreeMap<String, String> {
    let of = |row: &Row| {
        let key = row.get("key").filter(|key| SETTINGS.contains(&key.as_str()))?;
        Some((key.clone(), row.get("value")?.clone()))
    };
    rows.iter().filter_map(of).collect()
}

pub(super) fn lists(rows: &[Row]) -> BTreeMap<String, u64> {
    let of = |row: &Row| Some((text(row, "list")?, number(row, "items")?));
    rows.iter().filter_map(of).take(KEPT_MAX).collect()
}

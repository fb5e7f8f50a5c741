//! What rows of answers tell. Knows no server.

use std::collections::BTreeMap;

use super::Row;
use crate::snapshot::{
    MysqlAccount, MysqlChannel, MysqlCounter, MysqlDigest, MysqlIdentity, MysqlLogs, MysqlRowWait,
    MysqlSession, MysqlTable, MysqlTransaction, Probed,
};

/// The value of the first of these columns that is there and is not `NULL`.
fn text<'r>(row: &'r Row, names: &[&str]) -> Option<&'r str> {
    names.iter().find_map(|name| row.get(*name)?.as_deref())
}

fn owned(row: &Row, names: &[&str]) -> String {
    text(row, names).unwrap_or_default().to_owned()
}

fn number(row: &Row, names: &[&str]) -> Option<u64> {
    text(row, names)?.parse().ok()
}

/// Each row made into something; a row that misses what it must have makes the whole answer one that is not understood.
fn each<T>(rows: &[Row], make: impl Fn(&Row) -> Option<T>) -> Probed<Vec<T>> {
    let all: Option<Vec<T>> = rows.iter().map(make).collect();
    all.map_or_else(|| Probed::Failed("its answer is not as expected".to_owned()), Probed::Seen)
}

/// Who it is.
pub(super) fn identity(rows: &[Row]) -> Probed<MysqlIdentity> {
    each(rows, |row| {
        let (version, account) = (text(row, &["version"])?, text(row, &["account"])?);
        Some(MysqlIdentity {
            version: version.to_owned(),
            account: account.to_owned(),
            privileges: Vec::new(),
        })
    })
    .and_then(|all| match all.into_iter().next() {
        Some(identity) => Probed::Seen(identity),
        None => Probed::Failed("it did not say what it is".to_owned()),
    })
}

/// Microseconds since 1970.
pub(super) fn clock(rows: &[Row]) -> Probed<i64> {
    let told = rows.first().and_then(|row| text(row, &["us"])?.parse().ok());
    told.map_or_else(|| Probed::Failed("it did not say what time it is".to_owned()), Probed::Seen)
}

/// The names of the privileges on all databases. The rest of `SHOW GRANTS` is dropped at once: MariaDB has hashes of passwords in it.
pub(super) fn privileges(rows: &[Row]) -> Vec<String> {
    let lines = rows.iter().flat_map(|row| row.values().flatten());
    let global = lines.filter_map(|line| line.strip_prefix("GRANT ")?.split_once(" ON *.* TO "));
    let names = global.flat_map(|(names, _)| names.split(','));
    names.map(|name| name.trim().to_owned()).filter(|name| name != "USAGE").collect()
}

/// Of `SHOW VARIABLES` and `SHOW STATUS`, by names in lower case.
pub(super) fn named(rows: &[Row]) -> BTreeMap<String, String> {
    pairs(rows, "variable_name", "value")
}

/// The values of one column by those of another.
pub(super) fn pairs(rows: &[Row], name: &str, value: &str) -> BTreeMap<String, String> {
    let pair = |row: &Row| {
        Some((
            text(row, &[name])?.to_lowercase(),
            text(row, &[value]).unwrap_or_default().to_owned(),
        ))
    };
    rows.iter().filter_map(pair).collect()
}

/// A row of `SHOW REPLICA STATUS`, or of what it was called before.
pub(super) fn channel(row: &Row) -> MysqlChannel {
    let host = owned(row, &["source_host", "master_host"]);
    let port = owned(row, &["source_port", "master_port"]);
    let place = |files: &[&str], positions: &[&str]| {
        (owned(row, files), number(row, positions).unwrap_or(0))
    };
    let filters = row.iter().filter(|(name, value)| {
        let is_filter = name.contains("_do_") || name.contains("_ignore_");
        is_filter
            && name.starts_with("replicate_")
            && value.as_ref().is_some_and(|it| !it.is_empty())
    });
    MysqlChannel {
        name: owned(row, &["channel_name", "connection_name"]),
        source: format!("{host}:{port}"),
        source_id: number(row, &["source_server_id", "master_server_id"]).unwrap_or(0),
        io: owned(row, &["replica_io_running", "slave_io_running"]),
        sql: owned(row, &["replica_sql_running", "slave_sql_running"]),
        io_error: number(row, &["last_io_errno"]).unwrap_or(0),
        sql_error: number(row, &["last_sql_errno"]).unwrap_or(0),
        behind_seconds: number(row, &["seconds_behind_source", "seconds_behind_master"]),
        delay_seconds: number(row, &["sql_delay"]).unwrap_or(0),
        fetched: place(
            &["source_log_file", "master_log_file"],
            &["read_source_log_pos", "read_master_log_pos"],
        ),
        applied: place(
            &["relay_source_log_file", "relay_master_log_file"],
            &["exec_source_log_pos", "exec_master_log_pos"],
        ),
        using_gtid: text(row, &["using_gtid"]).map(str::to_owned),
        gtid_fetched: text(row, &["gtid_io_pos"]).map(str::to_owned),
        filters: filters.map(|(name, _)| name.clone()).collect(),
    }
}

/// How many there are, and how large.
pub(super) fn logs(rows: &[Row]) -> Probed<MysqlLogs> {
    each(rows, |row| number(row, &["file_size"])).map(|sizes| MysqlLogs {
        files: sizes.len() as u64,
        bytes: sizes.into_iter().fold(0, u64::saturating_add),
    })
}

pub(super) fn sessions(rows: &[Row]) -> Probed<Vec<MysqlSession>> {
    each(rows, |row| {
        Some(MysqlSession {
            id: number(row, &["id"])?,
            user: owned(row, &["user"]),
            host: without_port(&owned(row, &["host"])),
            command: owned(row, &["command"]),
            state: owned(row, &["state"]),
            seconds: number(row, &["seconds"])?,
            verb: text(row, &["verb"]).and_then(verb),
        })
    })
}

/// `host` of `host:port`; an address of IPv6 has more colons, and keeps all but the last.
fn without_port(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    }
}

/// A word of letters and nothing else: whatever follows one is not kept.
fn verb(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    Some(text.split_at(end).0.to_owned()).filter(|word| !word.is_empty())
}

pub(super) fn transactions(rows: &[Row]) -> Probed<Vec<MysqlTransaction>> {
    each(rows, |row| {
        Some(MysqlTransaction {
            session: number(row, &["session"])?,
            state: owned(row, &["state"]),
            // A clock that was set back makes it negative.
            seconds: number(row, &["seconds"]).unwrap_or(0),
            wait_seconds: number(row, &["wait_seconds"]),
            rows_modified: number(row, &["rows_modified"])?,
        })
    })
}

pub(super) fn row_waits(rows: &[Row]) -> Probed<Vec<MysqlRowWait>> {
    each(rows, |row| {
        Some(MysqlRowWait {
            session: number(row, &["session"])?,
            blocker: number(row, &["blocker"])?,
        })
    })
}

pub(super) fn tables(rows: &[Row]) -> Probed<Vec<MysqlTable>> {
    each(rows, |row| {
        Some(MysqlTable {
            name: text(row, &["name"])?.to_owned(),
            engine: owned(row, &["engine"]),
            rows: number(row, &["row_count"]),
        })
    })
}

pub(super) fn counters(rows: &[Row]) -> Vec<MysqlCounter> {
    let counter = |row: &Row| MysqlCounter {
        table: owned(row, &["table_name"]),
        column: owned(row, &["column_name"]),
        column_type: owned(row, &["column_type"]),
        next: number(row, &["next"]),
    };
    rows.iter().map(counter).collect()
}

pub(super) fn accounts(rows: &[Row]) -> Vec<MysqlAccount> {
    let account = |row: &Row| MysqlAccount {
        user: owned(row, &["user"]),
        host: owned(row, &["host"]),
        open: number(row, &["open"]) != Some(0),
        all: number(row, &["every"]) != Some(0),
    };
    rows.iter().map(account).collect()
}

pub(super) fn digests(rows: &[Row]) -> Probed<Vec<MysqlDigest>> {
    each(rows, |row| {
        Some(MysqlDigest {
            schema: text(row, &["schema_name"]).map(str::to_owned),
            digest: text(row, &["digest"])?.to_owned(),
            text: owned(row, &["text"]),
            count: number(row, &["count"])?,
            no_index: number(row, &["no_index"])?,
            rows_examined: number(row, &["rows_examined"])?,
            rows_sent: number(row, &["rows_sent"])?,
            rows_affected: number(row, &["rows_affected"])?,
        })
    })
}

#[cfg(test)]
mod tests;

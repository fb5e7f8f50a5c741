//! What is asked, statement by statement.

use std::collections::BTreeMap;

use super::{Mysql, answers};
use crate::probe::clock::offset;
use crate::snapshot::{
    self, MysqlAccount, MysqlChannel, MysqlCounter, MysqlDigest, MysqlLogs, MysqlRowWait,
    MysqlSession, MysqlTable, MysqlTransaction, Offset, Probed,
};

/// Since then MySQL has its dictionary in tables of InnoDB, and tells it under other names.
pub(super) const DICTIONARY: u32 = 80_000;

/// Since then MySQL says replica, and has a list of sessions that holds up nobody.
const REPLICAS: u32 = 80_022;

/// The settings that checks need. None of them can hold a secret.
const VARIABLES: &[&str] = &[
    "binlog_expire_logs_seconds",
    "binlog_format",
    "enforce_gtid_consistency",
    "expire_logs_days",
    "gtid_binlog_pos",
    "gtid_executed",
    "gtid_mode",
    "gtid_slave_pos",
    "innodb_buffer_pool_size",
    "innodb_checksum_algorithm",
    "innodb_checksums",
    "innodb_doublewrite",
    "innodb_flush_log_at_trx_commit",
    "innodb_lock_wait_timeout",
    "innodb_log_buffer_size",
    "innodb_log_checksums",
    "innodb_log_file_size",
    "innodb_redo_log_capacity",
    "log_bin",
    "log_bin_index",
    "log_replica_updates",
    "log_slave_updates",
    "max_connect_errors",
    "max_connections",
    "performance_schema",
    "read_only",
    "replica_exec_mode",
    "replica_skip_errors",
    "rpl_semi_sync_master_enabled",
    "rpl_semi_sync_master_timeout",
    "rpl_semi_sync_source_enabled",
    "rpl_semi_sync_source_timeout",
    "server_id",
    "server_uuid",
    "slave_exec_mode",
    "slave_skip_errors",
    "slow_query_log",
    "sql_mode",
    "super_read_only",
    "sync_binlog",
    "table_open_cache",
    "wsrep_on",
];

/// The counters and gauges that checks need.
const STATUS: &[&str] = &[
    "binlog_bytes_written",
    "connection_errors_max_connections",
    "innodb_buffer_pool_wait_free",
    "innodb_checkpoint_age",
    "innodb_checkpoint_max_age",
    "innodb_deadlocks",
    "innodb_history_list_length",
    "innodb_log_waits",
    "rpl_semi_sync_master_clients",
    "rpl_semi_sync_master_no_tx",
    "rpl_semi_sync_master_status",
    "rpl_semi_sync_master_yes_tx",
    "rpl_semi_sync_source_clients",
    "rpl_semi_sync_source_no_tx",
    "rpl_semi_sync_source_status",
    "rpl_semi_sync_source_yes_tx",
    "table_open_cache_misses",
    "table_open_cache_overflows",
    "threads_connected",
    "uptime",
];

/// Those of `INNODB_METRICS` that checks need.
const METRICS: &str = "SELECT NAME AS name, COUNT AS value FROM information_schema.INNODB_METRICS \
     WHERE NAME IN ('trx_rseg_history_len', 'lock_deadlocks') AND";

const TRANSACTIONS: &str = "SELECT trx_mysql_thread_id AS session, trx_state AS state, \
     TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS seconds, TIMESTAMPDIFF(SECOND, trx_wait_started, NOW()) AS wait_seconds, \
     trx_rows_modified AS rows_modified FROM information_schema.INNODB_TRX ORDER BY trx_started LIMIT 200";

/// Of a statement the server gives its first word and nothing else.
const SESSIONS: &str = "SELECT ID AS id, COALESCE(USER, '') AS user, COALESCE(HOST, '') AS host, COALESCE(COMMAND, '') AS command, \
     COALESCE(STATE, '') AS state, GREATEST(COALESCE(TIME, 0), 0) AS seconds, \
     UPPER(SUBSTRING_INDEX(TRIM(LEFT(INFO, 20)), ' ', 1)) AS verb";

/// Not of the server itself.
const OWN_TABLES: &str = "NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";

/// The clock as the statement begins. In local time one hour of the year is there twice.
const CLOCK: &str = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS us";

/// Asks for everything.
pub(super) async fn look(session: &mut Mysql) -> snapshot::Mysql {
    // Where even that may not be asked, none is known: then more is taken for hidden than is.
    let grants = session.rows("SHOW GRANTS").await.map(|rows| answers::privileges(&rows));
    let privileges = grants.seen().cloned().unwrap_or_default();
    let identity = Probed::Seen(snapshot::MysqlIdentity { privileges, ..session.identity.clone() });
    let variables = named(session, "VARIABLES", VARIABLES).await;
    let is = |name: &str, value: &str| {
        variables.seen().is_ok_and(|all| all.get(name).is_some_and(|it| it == value))
    };
    let (writes_log, has_schema) = (is("log_bin", "ON"), is("performance_schema", "ON"));
    let transactions: Probed<Vec<MysqlTransaction>> =
        session.rows(TRANSACTIONS).await.and_then(|rows| answers::transactions(&rows));
    let sessions = sessions(session, &transactions, has_schema).await;
    // The fields are asked for in the order in which they stand here: the status last of all once more.
    snapshot::Mysql {
        identity,
        clock: clock(session).await,
        variables,
        status: named(session, "STATUS", STATUS).await,
        metrics: metrics(session).await,
        channels: channels(session).await,
        logs: logs(session, writes_log).await,
        log_disk: Probed::default(),
        row_waits: row_waits(session, &transactions).await,
        sessions,
        transactions,
        keyless: keyless(session).await,
        unsafe_tables: unsafe_tables(session).await,
        counters: counters(session).await,
        accounts: accounts(session).await,
        digests: digests(session, has_schema).await,
        status_end: named(session, "STATUS", STATUS).await,
    }
}

async fn named(
    session: &mut Mysql,
    kind: &str,
    names: &[&str],
) -> Probed<BTreeMap<String, String>> {
    let statement = format!("SHOW GLOBAL {kind} WHERE Variable_name IN ('{}')", names.join("','"));
    session.rows(&statement).await.map(|rows| answers::named(&rows))
}

async fn clock(session: &mut Mysql) -> Probed<Offset> {
    offset(async { session.rows(CLOCK).await.and_then(|rows| answers::clock(&rows)) }).await
}

async fn metrics(session: &mut Mysql) -> Probed<BTreeMap<String, u64>> {
    // One that is off stands at zero, which would be no measure.
    let is_on = if session.identity.is_mariadb() { "ENABLED = 1" } else { "STATUS = 'enabled'" };
    session.rows(&format!("{METRICS} {is_on}")).await.map(|rows| {
        let told = answers::pairs(&rows, "name", "value").into_iter();
        told.filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect()
    })
}

async fn channels(session: &mut Mysql) -> Probed<Vec<MysqlChannel>> {
    let statement = if session.identity.is_mariadb() {
        "SHOW ALL SLAVES STATUS"
    } else if session.identity.number() >= REPLICAS {
        "SHOW REPLICA STATUS"
    } else {
        "SHOW SLAVE STATUS"
    };
    session.rows(statement).await.map(|rows| rows.iter().map(answers::channel).collect())
}

async fn logs(session: &mut Mysql, writes_log: bool) -> Probed<MysqlLogs> {
    if !writes_log {
        return Probed::Absent("binary log: log_bin is OFF".to_owned());
    }
    session.rows("SHOW BINARY LOGS").await.and_then(|rows| answers::logs(&rows))
}

/// Without the privilege PROCESS the server shows only the sessions of the account, and says nothing. What InnoDB tells, or does
/// not, shows whether that is so, whatever roles the account has.
async fn sessions(
    session: &mut Mysql,
    transactions: &Probed<Vec<MysqlTransaction>>,
    has_schema: bool,
) -> Probed<Vec<MysqlSession>> {
    if let Probed::Denied(needs) = transactions {
        return Probed::Denied(needs.clone());
    }
    let is_new = !session.identity.is_mariadb() && session.identity.number() >= REPLICAS;
    let list = if is_new && has_schema { "performance_schema" } else { "information_schema" };
    let statement = format!(
        "{SESSIONS} FROM {list}.PROCESSLIST WHERE ID <> CONNECTION_ID() ORDER BY seconds DESC LIMIT 1000"
    );
    session.rows(&statement).await.and_then(|rows| answers::sessions(&rows))
}

/// Asked for only where somebody waits: telling all locks holds up others.
async fn row_waits(
    session: &mut Mysql,
    transactions: &Probed<Vec<MysqlTransaction>>,
) -> Probed<Vec<MysqlRowWait>> {
    match transactions.clone() {
        Probed::Seen(all) if all.iter().all(|it| it.state != "LOCK WAIT") => {
            return Probed::Seen(Vec::new());
        }
        Probed::Seen(_) => {}
        other => return other.map(|_| Vec::new()),
    }
    let is_old = session.identity.is_mariadb() || session.identity.number() < DICTIONARY;
    let (waits, waiting, holding) = if is_old {
        ("information_schema.INNODB_LOCK_WAITS", "requesting_trx_id", "blocking_trx_id")
    } else {
        let (waiting, holding) =
            ("REQUESTING_ENGINE_TRANSACTION_ID", "BLOCKING_ENGINE_TRANSACTION_ID");
        ("performance_schema.data_lock_waits", waiting, holding)
    };
    let statement = format!(
        "SELECT DISTINCT r.trx_mysql_thread_id AS session, b.trx_mysql_thread_id AS blocker FROM {waits} w \
         JOIN information_schema.INNODB_TRX r ON r.trx_id = w.{waiting} \
         JOIN information_schema.INNODB_TRX b ON b.trx_id = w.{holding} LIMIT 200"
    );
    session.rows(&statement).await.and_then(|rows| answers::row_waits(&rows))
}

/// InnoDB gives a table without a key of its own one that nobody sees, by a name that is always the same.
async fn keyless(session: &mut Mysql) -> Probed<Vec<MysqlTable>> {
    let is_old = session.identity.is_mariadb() || session.identity.number() < DICTIONARY;
    let sys = if is_old { "INNODB_SYS_" } else { "INNODB_" };
    let statement = format!(
        "SELECT REPLACE(t.NAME, '/', '.') AS name, 'InnoDB' AS engine, \
         CASE WHEN CAST(s.STATS_INITIALIZED AS CHAR) IN ('1', 'Initialized') THEN s.NUM_ROWS END AS row_count \
         FROM information_schema.{sys}INDEXES i JOIN information_schema.{sys}TABLES t ON t.TABLE_ID = i.TABLE_ID \
         LEFT JOIN information_schema.{sys}TABLESTATS s ON s.TABLE_ID = i.TABLE_ID \
         WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%' AND t.NAME NOT LIKE 'sys/%' \
         AND t.NAME NOT LIKE '%/FTS\\_%' AND t.NAME NOT LIKE '%/#sql%' AND t.NAME LIKE '%/%' \
         ORDER BY row_count DESC LIMIT 50"
    );
    session.rows(&statement).await.and_then(|rows| answers::tables(&rows))
}

async fn unsafe_tables(session: &mut Mysql) -> Probed<Vec<MysqlTable>> {
    let statement = format!(
        "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name, ENGINE AS engine, TABLE_ROWS AS row_count \
         FROM information_schema.TABLES WHERE ENGINE IN ('MyISAM', 'Aria') AND TABLE_SCHEMA {OWN_TABLES} \
         ORDER BY row_count DESC LIMIT 50"
    );
    session.rows(&statement).await.and_then(|rows| answers::tables(&rows))
}

async fn counters(session: &mut Mysql) -> Probed<Vec<MysqlCounter>> {
    let statement = format!(
        "SELECT CONCAT(c.TABLE_SCHEMA, '.', c.TABLE_NAME) AS table_name, c.COLUMN_NAME AS column_name, \
         c.COLUMN_TYPE AS column_type, t.AUTO_INCREMENT AS next FROM information_schema.COLUMNS c \
         JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME \
         WHERE c.EXTRA LIKE '%auto_increment%' AND c.TABLE_SCHEMA {OWN_TABLES} LIMIT 5000"
    );
    session.rows(&statement).await.map(|rows| answers::counters(&rows))
}

async fn accounts(session: &mut Mysql) -> Probed<Vec<MysqlAccount>> {
    let open = "u.plugin IN ('', 'mysql_native_password', 'mysql_old_password', 'caching_sha2_password', 'sha256_password') \
         AND COALESCE(u.authentication_string, '') = ''";
    let of = if session.identity.is_mariadb() {
        "mysql.user u JOIN mysql.global_priv g ON g.User = u.User AND g.Host = u.Host \
         WHERE u.is_role = 'N' AND COALESCE(JSON_VALUE(g.Priv, '$.account_locked'), 0) NOT IN ('1', 'true')"
    } else {
        "mysql.user u WHERE u.account_locked = 'N'"
    };
    let statement = format!(
        "SELECT u.User AS user, u.Host AS host, IF({open}, 1, 0) AS open, IF(u.Super_priv = 'Y', 1, 0) AS every FROM {of} \
         AND (u.User = '' OR ({open}) OR (u.Super_priv = 'Y' AND u.Host = '%')) LIMIT 100"
    );
    session.rows(&statement).await.map(|rows| answers::accounts(&rows))
}

async fn digests(session: &mut Mysql, has_schema: bool) -> Probed<Vec<MysqlDigest>> {
    if !has_schema {
        return Probed::Absent("performance_schema: it is OFF".to_owned());
    }
    let statement = "SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest, LEFT(DIGEST_TEXT, 300) AS text, COUNT_STAR AS count, \
         SUM_NO_INDEX_USED AS no_index, SUM_ROWS_EXAMINED AS rows_examined, SUM_ROWS_SENT AS rows_sent, \
         SUM_ROWS_AFFECTED AS rows_affected FROM performance_schema.events_statements_summary_by_digest \
         WHERE DIGEST IS NOT NULL AND SCHEMA_NAME IS NOT NULL ORDER BY SUM_ROWS_EXAMINED DESC LIMIT 50";
    session.rows(statement).await.and_then(|rows| answers::digests(&rows))
}

#[cfg(test)]
mod tests;

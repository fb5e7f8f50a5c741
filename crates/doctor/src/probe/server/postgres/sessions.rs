//! Statements about who is connected. `pg_stat_activity` shows every role who is there and which snapshots they hold, and only
//! members of `pg_monitor` what they do.

/// The columns of a session. Of its text only a first word that is known is told, as the rest may hold anything.
macro_rules! session {
    () => {
        "a.pid, a.usename::text AS role, a.datname::text AS database, nullif(a.application_name, '') AS application, \
         host(a.client_addr) AS address, a.backend_type AS kind, a.state, \
         nullif(concat_ws('/', a.wait_event_type, a.wait_event), '') AS wait, \
         CASE WHEN a.query LIKE 'autovacuum: %(to prevent wraparound)' THEN 'autovacuum to prevent wraparound' \
         WHEN a.query LIKE 'autovacuum: %' THEN 'autovacuum' \
         ELSE (SELECT word FROM (SELECT upper(substring(a.query FROM '^(?:\\s|/\\*(?:[^*]|\\*[^/])*\\*/|--[^\\n]*\\n)*\\(*([A-Za-z]+)')) AS word) w \
         WHERE word IN ('SELECT', 'WITH', 'TABLE', 'VALUES', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'FETCH', 'DECLARE', 'CLOSE', \
         'MOVE', 'BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE', 'PREPARE', 'EXECUTE', 'DEALLOCATE', 'CALL', \
         'DO', 'ALTER', 'CREATE', 'DROP', 'TRUNCATE', 'COMMENT', 'GRANT', 'REVOKE', 'REASSIGN', 'LOCK', 'VACUUM', 'ANALYZE', 'REINDEX', \
         'CLUSTER', 'REFRESH', 'CHECKPOINT', 'IMPORT', 'SECURITY', 'EXPLAIN', 'LISTEN', 'NOTIFY', 'UNLISTEN', 'SET', 'RESET', 'SHOW', \
         'DISCARD', 'LOAD')) END AS verb, \
         {since a.xact_start} AS transaction_s, \
         {since a.query_start} AS statement_s, \
         {since a.state_change} AS state_s, \
         nullif(abs(age(a.backend_xmin)), 2147483647) AS xmin_age, \
         nullif(abs(age(a.backend_xid)), 2147483647) AS xid_age"
    };
}

pub(super) const CONNECTIONS: &str = "SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS clients, \
     count(*) FILTER (WHERE backend_type = 'client backend' AND state IN ('active', 'fastpath function call')) AS active, \
     count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'idle') AS idle, \
     count(*) FILTER (WHERE backend_type = 'client backend' AND state LIKE 'idle in transaction%') AS idle_in_transaction, \
     count(*) FILTER (WHERE backend_type IS NULL AND datid IS NOT NULL) AS hidden \
     FROM pg_stat_activity WHERE pid <> pg_backend_pid()";

pub(super) const CLIENTS: &str = "SELECT usename::text AS role, datname::text AS database, nullif(application_name, '') AS application, \
     host(client_addr) AS address, count(*) AS count, count(*) FILTER (WHERE state = 'idle') AS idle \
     FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' \
     GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC LIMIT 50";

pub(super) const ROLE_LIMITS: &str = "SELECT r.rolname::text AS role, r.rolconnlimit AS limit, count(a.pid) AS connections \
     FROM pg_roles r LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid AND a.datid IS NOT NULL AND a.pid <> pg_backend_pid() \
     WHERE r.rolconnlimit > 0 AND r.rolcanlogin AND NOT r.rolsuper GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50";

pub(super) const SESSIONS: &str = concat!(
    "SELECT ",
    session!(),
    " FROM (SELECT *, row_number() OVER (ORDER BY xact_start NULLS LAST, pid) AS by_time, \
     row_number() OVER (ORDER BY age(backend_xmin) DESC NULLS LAST, pid) AS by_xmin FROM pg_stat_activity \
     WHERE pid <> pg_backend_pid() AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)) a \
     WHERE a.by_time <= 100 OR a.by_xmin <= 20 ORDER BY a.xact_start NULLS LAST, a.pid"
);

pub(super) const PREPARED: &str = "SELECT gid AS name, owner::text AS role, database::text AS database, \
     {since prepared} AS prepared_s, abs(age(transaction)) AS xid_age \
     FROM pg_prepared_xacts ORDER BY prepared LIMIT 50";

/// `pg_locks` is for every role. Who waits for a row waits for the transaction that has it, and holds a lock on the row meanwhile, which
/// tells the table. `pg_blocking_pids` stops the lock manager for a moment: only for those that wait.
const WAITS: &str = "SELECT l.pid, l.locktype, l.mode, \
     (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND c.oid = l.relation) AS relation, \
     {waited} AS waited_s, to_jsonb(array(SELECT DISTINCT unnest(pg_blocking_pids(l.pid)))) AS blockers \
     FROM (SELECT w.pid, w.locktype, w.mode, {start}coalesce(w.database, t.database) AS database, coalesce(w.relation, t.relation) AS relation \
     FROM pg_locks w LEFT JOIN pg_locks t ON t.pid = w.pid AND t.locktype = 'tuple' AND t.granted AND w.locktype = 'transactionid' \
     WHERE NOT w.granted AND w.pid IS NOT NULL ORDER BY {order} LIMIT 50) l";

const WAITED: &str = "{since l.waitstart}";

/// Those who wait, and since 14 for how long.
pub(super) fn waits(version: u32) -> String {
    let (waited, order, start) = if version >= 140_000 {
        (WAITED, "w.waitstart, w.pid", "w.waitstart, ")
    } else {
        ("NULL::bigint", "w.pid", "")
    };
    WAITS.replace("{waited}", waited).replace("{order}", order).replace("{start}", start)
}

pub(super) const CONTENDERS: &str = concat!(
    "WITH waiting AS MATERIALIZED (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid IS NOT NULL LIMIT 50), \
     involved AS MATERIALIZED (SELECT pid FROM waiting UNION SELECT unnest(pg_blocking_pids(pid)) FROM waiting) SELECT ",
    session!(),
    " FROM pg_stat_activity a WHERE a.pid IN (SELECT pid FROM involved) ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 100"
);

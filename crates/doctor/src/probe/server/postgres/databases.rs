//! Statements about databases and checkpoints.

pub(super) const DATABASES: &str = "SELECT d.datname::text AS name, d.datallowconn AS connectable, nullif(abs(age(d.datfrozenxid)), 2147483647) AS xid_age, \
     nullif(abs(mxid_age(d.datminmxid)), 2147483647) AS multixact_age, CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit END AS connection_limit, s.numbackends AS backends, \
     s.xact_commit AS commits, s.xact_rollback AS rollbacks, s.conflicts, s.temp_files, s.temp_bytes, s.deadlocks, s.checksum_failures, \
     {since s.checksum_last_failure} AS checksum_failure_s, \
     {since s.stats_reset} AS reset_s \
     FROM pg_stat_database s FULL JOIN pg_database d ON d.oid = s.datid ORDER BY age(d.datfrozenxid) DESC NULLS LAST LIMIT 1000";

/// Of no role but a superuser, as there is no other function that shows this folder.
pub(super) const MULTIXACT_FILES: &str =
    "SELECT count(*) AS count, count(*) * 262144 AS bytes FROM pg_ls_dir('pg_multixact/members')";

const CHECKPOINTS: &str = "SELECT {columns}, \
     {since s.stats_reset} AS reset_s, \
     {since c.checkpoint_time} AS last_s, \
     pg_wal_lsn_diff(c.redo_lsn, '0/0')::bigint AS redo FROM {view} s, pg_control_checkpoint() c";

/// Checkpoints; 17 moved them into a view of their own.
pub(super) fn checkpoints(version: u32) -> String {
    let (view, columns) = if version >= 170_000 {
        (
            "pg_stat_checkpointer",
            "num_timed AS timed, num_requested AS requested, round(write_time)::bigint AS write_ms, \
             round(sync_time)::bigint AS sync_ms, buffers_written AS pages",
        )
    } else {
        (
            "pg_stat_bgwriter",
            "checkpoints_timed AS timed, checkpoints_req AS requested, round(checkpoint_write_time)::bigint AS write_ms, \
             round(checkpoint_sync_time)::bigint AS sync_ms, buffers_checkpoint AS pages",
        )
    };
    CHECKPOINTS.replace("{columns}", columns).replace("{view}", view)
}

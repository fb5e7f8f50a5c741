//! Statements about slots, standbys and the archive.

/// Up to where WAL is: on a standby, up to where it has it.
const END: &str = "CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END";

const SLOTS: &str = "SELECT slot_name::text AS name, slot_type AS kind, plugin::text AS plugin, database::text AS database, active, active_pid, temporary, \
     restart_lsn::text AS restart_lsn, pg_wal_lsn_diff(e.lsn, restart_lsn)::bigint AS retained_bytes, \
     pg_wal_lsn_diff(e.lsn, confirmed_flush_lsn)::bigint AS unconfirmed_bytes, \
     nullif(abs(age(xmin)), 2147483647) AS xmin_age, nullif(abs(age(catalog_xmin)), 2147483647) AS catalog_xmin_age, \
     {status} AS wal_status, {safe} AS safe_wal_bytes, {inactive} AS inactive_s, \
     {invalidation} AS invalidation, {failover} AS failover \
     FROM pg_replication_slots, (SELECT {end} AS lsn) e ORDER BY restart_lsn NULLS LAST LIMIT 100";

/// Slots; 13 and 17 tell more of them.
pub(super) fn slots(version: u32) -> String {
    let since = |first, column: &'static str, none| if version >= first { column } else { none };
    let inactive = "{since inactive_since}";
    SLOTS
        .replace("{status}", since(130_000, "wal_status", "NULL::text"))
        .replace("{safe}", since(130_000, "safe_wal_size", "NULL::bigint"))
        .replace("{inactive}", since(170_000, inactive, "NULL::bigint"))
        .replace("{invalidation}", since(170_000, "invalidation_reason", "NULL::text"))
        .replace("{failover}", since(170_000, "failover", "NULL::bool"))
        .replace("{end}", END)
}

const SENDERS: &str = "SELECT pid, nullif(application_name, '') AS application, host(client_addr) AS address, state, sync_state, \
     pg_wal_lsn_diff(e.lsn, sent_lsn)::bigint AS unsent_bytes, pg_wal_lsn_diff(e.lsn, flush_lsn)::bigint AS unflushed_bytes, \
     pg_wal_lsn_diff(e.lsn, replay_lsn)::bigint AS unreplayed_bytes, floor(extract(epoch FROM replay_lag))::bigint AS replay_lag_s, \
     nullif(abs(age(backend_xmin)), 2147483647) AS xmin_age, \
     {since reply_time} AS reply_s \
     FROM pg_stat_replication, (SELECT {end} AS lsn) e ORDER BY pid LIMIT 100";

/// Those to whom WAL is sent.
pub(super) fn senders() -> String {
    SENDERS.replace("{end}", END)
}

pub(super) const RECEIVER: &str = "SELECT pid, status, \
     {since last_msg_receipt_time} AS silent_s FROM pg_stat_wal_receiver";

const PLACE: &str = "SELECT pg_wal_lsn_diff({end}, '0/0')::bigint AS end, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint AS received, \
     pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS replayed, \
     {since pg_last_xact_replay_timestamp()} AS replayed_s, \
     CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused, \
     txid_snapshot_xmax(txid_current_snapshot()) AS next_xid";

/// Up to where WAL is, here and of its primary.
pub(super) fn place() -> String {
    PLACE.replace("{end}", END)
}

const ARCHIVER: &str = "SELECT (current_setting('archive_mode') <> 'off' AND (current_setting('archive_command') NOT IN ('', '(disabled)') OR {library})) AS is_set, \
     archived_count AS archived, last_archived_wal AS last_archived, floor(extract(epoch FROM last_archived_time) * 1000)::bigint AS last_archived_ms, \
     failed_count AS failed, last_failed_wal AS last_failed, floor(extract(epoch FROM last_failed_time) * 1000)::bigint AS last_failed_ms, \
     floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms FROM pg_stat_archiver";

/// The archiver; from 15 on a library may do its work.
pub(super) fn archiver(version: u32) -> String {
    let library =
        if version >= 150_000 { "current_setting('archive_library') <> ''" } else { "false" };
    ARCHIVER.replace("{library}", library)
}

pub(super) const WAL_FILES: &str =
    "SELECT count(*) AS count, coalesce(sum(size), 0)::bigint AS bytes FROM pg_ls_waldir()";

pub(super) const ARCHIVE_READY: &str =
    "SELECT count(*) AS count, 0 AS bytes FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";

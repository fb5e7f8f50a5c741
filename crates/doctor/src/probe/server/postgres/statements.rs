//! What is asked, statement by statement.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Postgres, bloat, collations, configuration, conflicts, counters, databases, decoding, density,
    disk, gin, index_heads, peers, plans, replication, sessions, slru, statement_counts,
    subscriptions, tables, toast, unanalysed,
};
use crate::probe::clock::offset;
use crate::snapshot::{self, Offset, PostgresIdentity, PostgresSetting, Probed};

/// What an older server than this has not, is not asked for if it does not say which it is.
const OLDEST: u32 = 120_000;

/// The settings that checks need. None of them can hold a secret, as `primary_conninfo` and `archive_command` may.
const SETTINGS: &[&str] = &[
    "archive_mode",
    "autovacuum",
    "autovacuum_analyze_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_naptime",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_threshold",
    "block_size",
    "checkpoint_completion_target",
    "checkpoint_timeout",
    "data_checksums",
    "fsync",
    "full_page_writes",
    "hash_mem_multiplier",
    "hot_standby_feedback",
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "logical_decoding_work_mem",
    "max_connections",
    "max_parallel_workers_per_gather",
    "max_replication_slots",
    "max_slot_wal_keep_size",
    "max_standby_streaming_delay",
    "max_wal_size",
    "plan_cache_mode",
    "pg_stat_statements.track_planning",
    "recovery_min_apply_delay",
    "reserved_connections",
    "statement_timeout",
    "superuser_reserved_connections",
    "synchronous_commit",
    "synchronous_standby_names",
    "track_commit_timestamp",
    "track_counts",
    "vacuum_failsafe_age",
    "vacuum_multixact_failsafe_age",
    "wal_segment_size",
    "work_mem",
];

const IDENTITY: &str = "SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS in_recovery, \
     current_user::text AS role, current_setting('is_superuser') = 'on' AS superuser, \
     pg_has_role('pg_monitor', 'usage') AS monitor";

const OVERRIDES: &str = "SELECT d.datname AS database, r.rolname AS role, split_part(c, '=', 1) || '=' || split_part(c, '=', 2) AS setting \
     FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole, \
     unnest(s.setconfig) c WHERE split_part(c, '=', 1) = ANY";

/// The clock, and not when the transaction began.
const CLOCK: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us";

#[derive(Deserialize)]
struct Clock {
    us: i64,
}

/// Asks for everything.
pub(super) async fn look(session: &mut Postgres, deep: bool) -> snapshot::Postgres {
    let identity: Probed<PostgresIdentity> = session.row(IDENTITY).await;
    // Of which version it is decides what can be asked for.
    let version = identity.seen().map_or(OLDEST, |it| it.version);
    let (folder, settings) = (disk::folder(session).await, settings(session).await);
    snapshot::Postgres {
        identity,
        clock: clock(session).await,
        overrides: session.rows(&format!("{OVERRIDES} ({})", names())).await,
        collations: collations::look(session, version).await,
        configuration: configuration::look(session).await,
        conflicts: conflicts::look(session, version).await,
        counters: counters::look(session).await,
        gin: gin::look(session).await,
        decoding: decoding::look(session, version).await,
        density: density::look(session, deep).await,
        bloat: bloat::look(session, deep).await,
        toast: toast::look(session).await,
        statements: statement_counts::look(session).await,
        index_heads: index_heads::look(session).await,
        slru: slru::look(session, version).await,
        subscriptions: subscriptions::look(session, version).await,
        unanalysed: unanalysed::look(session).await,
        plan_errors: plans::errors(session, &folder).await,
        altered: plans::altered(session, &settings).await,
        settings,
        connections: session.row(sessions::CONNECTIONS).await,
        clients: session.rows(sessions::CLIENTS).await,
        peers: peers::look(session).await,
        role_limits: session.rows(sessions::ROLE_LIMITS).await,
        sessions: session.rows(sessions::SESSIONS).await,
        prepared: session.rows(sessions::PREPARED).await,
        waits: session.rows(&sessions::waits(version)).await,
        contenders: session.rows(sessions::CONTENDERS).await,
        slots: session.rows(&replication::slots(version)).await,
        senders: session.rows(&replication::senders()).await,
        receiver: session.rows(replication::RECEIVER).await,
        wal_place: session.row(&replication::place()).await,
        wal_files: session.row(replication::WAL_FILES).await,
        wal_disk: disk::look(session, folder).await,
        archiver: session.row(&replication::archiver(version)).await,
        archive_ready: session.row(replication::ARCHIVE_READY).await,
        databases: session.rows(databases::DATABASES).await,
        multixact_files: match session.row(databases::MULTIXACT_FILES).await {
            Probed::Denied(_) => {
                Probed::Denied("a superuser, to list pg_multixact/members".to_owned())
            }
            seen => seen,
        },
        checkpoints: session.row(&databases::checkpoints(version)).await,
        tables: session.rows(&tables::tables(version)).await,
        sequences: tables::sequences(session).await,
        indexes: session.rows(&tables::indexes(version)).await,
        constraints: session.rows(&tables::constraints(version)).await,
        foreign_keys: session.rows(tables::FOREIGN_KEYS).await,
    }
}

async fn clock(session: &mut Postgres) -> Probed<Offset> {
    offset(async { session.row(CLOCK).await.map(|clock: Clock| clock.us) }).await
}

/// Of what the doctor has set for its own session what it was before.
async fn settings(session: &mut Postgres) -> Probed<BTreeMap<String, PostgresSetting>> {
    let statement = format!(
        "SELECT name, CASE source WHEN 'session' THEN reset_val ELSE setting END AS setting, unit, source, pending_restart, \
         sourcefile LIKE '%postgresql.auto.conf' AS is_altered \
         FROM pg_settings WHERE name = ANY ({})",
        names()
    );
    let rows: Probed<Vec<PostgresSetting>> = session.rows(&statement).await;
    rows.map(|rows| rows.into_iter().map(|it| (it.name.clone(), it)).collect())
}

fn names() -> String {
    format!("ARRAY['{}']", SETTINGS.join("','"))
}

//! Tables without statistics: the largest that were not analysed since the counters began.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_all_tables`), 54.27 (`pg_stats`: rows of tables that the role may read,
//! and whose rows it may see all).

use super::Postgres;
use crate::snapshot::{PostgresUnanalysed, Probed};

/// At most 100 are looked up in `pg_stats`. The size of a table is told to nobody while another has it to itself: such a one is left out
/// of this look. One without columns has no statistics.
const STATEMENT: &str = "SELECT t.name, t.bytes, t.reltuples, t.live, t.changed, t.autovacuum, \
     CASE WHEN t.readable THEN EXISTS (SELECT FROM pg_stats p WHERE p.schemaname = t.nspname AND p.tablename = t.relname) END AS has_statistics \
     FROM (SELECT c.oid::regclass::text AS name, n.nspname, c.relname, pg_relation_size(c.oid) AS bytes, c.reltuples::bigint AS reltuples, \
     s.n_live_tup AS live, s.n_mod_since_analyze AS changed, has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable, \
     coalesce((SELECT o.option_value::bool FROM pg_options_to_table(c.reloptions) o WHERE o.option_name = 'autovacuum_enabled'), true) AS autovacuum \
     FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE s.last_analyze IS NULL AND s.last_autoanalyze IS NULL AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relnatts > 0 \
     AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock') \
     ORDER BY 4 DESC LIMIT 100) t";

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresUnanalysed>> {
    session.rows(STATEMENT).await
}

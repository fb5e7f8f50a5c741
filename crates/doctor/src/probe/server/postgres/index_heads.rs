//! What indexes are sorted by first, and which rows are in them: names of columns and functions, and never a value of an expression.

use super::Postgres;
use super::statement_texts::without_literals;
use crate::snapshot::{PostgresIndexHead, Probed};

/// Of the largest tables. Where an expression comes first its definition is `name(` and so on, if it is a call.
const STATEMENT: &str = "SELECT c.relname::text AS name, t.relname::text AS table, t.reltuples::bigint AS rows, a.attname::text AS column, \
     CASE WHEN x.indkey[0] = 0 THEN substring(pg_get_indexdef(x.indexrelid, 1, true) FROM '^([a-z_][a-z0-9_]*)\\(') END AS function, \
     pg_get_expr(x.indpred, x.indrelid) AS condition, pg_stat_get_numscans(c.oid) AS scans, pg_stat_get_numscans(t.oid) AS table_scans, \
     (SELECT coalesce(jsonb_agg(p.attname ORDER BY p.attnum), '[]') FROM pg_attribute p WHERE p.attrelid = t.oid AND p.attnum > 0 \
     AND x.indpred::text ~ (':varattno ' || p.attnum || ' ')) AS condition_columns \
     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_am m ON m.oid = c.relam \
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] AND x.indkey[0] > 0 \
     WHERE m.amname = 'btree' AND c.relkind = 'i' AND x.indisvalid AND t.oid >= 16384 AND t.relkind IN ('r', 'm') \
     AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = t.oid AND l.mode = 'AccessExclusiveLock') \
     ORDER BY t.relpages DESC, 1 LIMIT 500";

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresIndexHead>> {
    let heads: Probed<Vec<PostgresIndexHead>> = session.rows(STATEMENT).await;
    heads.map(|mut heads| {
        for condition in heads.iter_mut().filter_map(|it| it.condition.as_mut()) {
            *condition = without_literals(condition);
        }
        heads
    })
}

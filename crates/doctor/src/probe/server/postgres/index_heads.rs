//! What indexes are sorted by first: names of columns and functions, never an expression as a whole, as it may hold values.

use super::Postgres;
use crate::snapshot::{PostgresIndexHead, Probed};

/// Of the largest tables. Where an expression comes first its definition is `name(` and so on, if it is a call.
const STATEMENT: &str = "SELECT c.relname::text AS name, t.relname::text AS table, t.reltuples::bigint AS rows, a.attname::text AS column, \
     CASE WHEN x.indkey[0] = 0 THEN substring(pg_get_indexdef(x.indexrelid, 1, true) FROM '^([a-z_][a-z0-9_]*)\\(') END AS function \
     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_am m ON m.oid = c.relam \
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] AND x.indkey[0] > 0 \
     WHERE m.amname = 'btree' AND c.relkind = 'i' AND x.indisvalid AND t.oid >= 16384 AND t.relkind IN ('r', 'm') \
     AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = t.oid AND l.mode = 'AccessExclusiveLock') \
     ORDER BY t.relpages DESC, 1 LIMIT 500";

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresIndexHead>> {
    session.rows(STATEMENT).await
}

//! Values that are stored apart from their tables, by the sizes of the last vacuum.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_statio_all_tables`), 73.2 (TOAST).

use super::Postgres;
use crate::snapshot::{PostgresToast, Probed};

const STATEMENT: &str = "SELECT c.oid::regclass::text AS name, c.relpages::bigint * current_setting('block_size')::bigint AS heap_bytes, \
     t.relpages::bigint * current_setting('block_size')::bigint AS toast_bytes, s.heap_blks_read + s.heap_blks_hit AS heap_blks, \
     s.toast_blks_read + s.toast_blks_hit AS toast_blks, s.toast_blks_read \
     FROM (SELECT * FROM pg_class WHERE relkind = 't' AND relpages > 0 ORDER BY relpages DESC LIMIT 50) t \
     JOIN pg_class c ON c.reltoastrelid = t.oid AND c.oid >= 16384 JOIN pg_statio_user_tables s ON s.relid = c.oid ORDER BY t.relpages DESC, 1";

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresToast>> {
    session.rows(STATEMENT).await
}

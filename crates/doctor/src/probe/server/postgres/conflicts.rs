//! Cancelled statements of a standby, by kind.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_database_conflicts`).

use super::Postgres;
use crate::snapshot::{PostgresConflicts, Probed};

/// Asks for them.
pub(super) async fn look(session: &mut Postgres, version: u32) -> Probed<PostgresConflicts> {
    let logical = if version >= 160_000 { "sum(confl_active_logicalslot)" } else { "NULL::bigint" };
    let statement = format!(
        "SELECT sum(confl_tablespace) AS tablespace, sum(confl_lock) AS lock, sum(confl_snapshot) AS snapshot, \
         sum(confl_bufferpin) AS bufferpin, sum(confl_deadlock) AS deadlock, {logical} AS logicalslot FROM pg_stat_database_conflicts"
    );
    session.row(&statement).await
}

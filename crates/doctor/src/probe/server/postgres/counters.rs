//! Since when the server counts.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_database.stats_reset`).

use super::Postgres;
use crate::snapshot::{PostgresCounters, Probed};

const STATEMENT: &str = "SELECT datname AS database, {since pg_postmaster_start_time()} AS up_seconds, \
     {since stats_reset} AS reset_seconds \
     FROM pg_stat_database WHERE datname = current_database()";

/// Asks for it.
pub(super) async fn look(session: &mut Postgres) -> Probed<PostgresCounters> {
    session.row(STATEMENT).await
}

//! What was decoded for logical slots.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_replication_slots`, from 14 on).

use super::Postgres;
use crate::snapshot::{PostgresDecoding, Probed};

const STATEMENT: &str = "SELECT slot_name AS slot, spill_txns, spill_bytes, total_bytes FROM pg_stat_replication_slots \
     ORDER BY spill_bytes DESC NULLS LAST, 1 LIMIT 100";

/// Asks for it.
pub(super) async fn look(session: &mut Postgres, version: u32) -> Probed<Vec<PostgresDecoding>> {
    if version >= 140_000 {
        session.rows(STATEMENT).await
    } else {
        Probed::Absent("pg_stat_replication_slots before version 14".to_owned())
    }
}

//! Caches of transactions.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_slru`, from 13 on; `pg_stat_get_backend_subxact`, from 16 on), and
//! `slru.c`, which gave the caches other names before 17.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresOverflowed, PostgresSlru, PostgresSlruCache, Probed};

const CACHES: &str = "SELECT CASE name WHEN 'Subtrans' THEN 'subtransaction' WHEN 'MultiXactOffset' THEN 'multixact_offset' \
     WHEN 'MultiXactMember' THEN 'multixact_member' ELSE name END AS name, blks_read, blks_hit FROM pg_stat_slru \
     WHERE name IN ('Subtrans', 'subtransaction', 'MultiXactOffset', 'multixact_offset', 'MultiXactMember', 'multixact_member')";

const OVERFLOWED: &str = "SELECT a.pid, a.application_name AS application, \
     {since a.xact_start} AS seconds \
     FROM pg_stat_get_backend_idset() b, pg_stat_get_backend_subxact(b) s, pg_stat_activity a \
     WHERE s.subxact_overflowed AND a.pid = pg_stat_get_backend_pid(b) ORDER BY 3 DESC NULLS LAST LIMIT 20";

#[derive(Deserialize)]
struct Cache {
    name: String,
    blks_read: Option<u64>,
    blks_hit: Option<u64>,
}

/// Asks for both.
pub(super) async fn look(session: &mut Postgres, version: u32) -> PostgresSlru {
    let caches: Probed<Vec<Cache>> = if version >= 130_000 {
        session.rows(CACHES).await
    } else {
        Probed::Absent("pg_stat_slru before version 13".to_owned())
    };
    let overflowed: Probed<Vec<PostgresOverflowed>> = if version >= 160_000 {
        session.rows(OVERFLOWED).await
    } else {
        Probed::Absent("pg_stat_get_backend_subxact before version 16".to_owned())
    };
    let by_name = |it: Cache| {
        let Cache { name, blks_read, blks_hit } = it;
        (name, PostgresSlruCache { blks_read, blks_hit })
    };
    PostgresSlru {
        caches: caches.map(|all| all.into_iter().map(by_name).collect::<BTreeMap<_, _>>()),
        overflowed,
    }
}

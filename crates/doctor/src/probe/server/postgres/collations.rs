//! Collations and their versions.
//!
//! Source: the documentation of PostgreSQL, 53.12 (`pg_collation`), 53.15 (`pg_database`), 9.27 (`pg_collation_actual_version`).

use super::Postgres;
use crate::snapshot::PostgresCollations;

/// The database that is asked comes first. Before 15 they have no version.
fn databases(version: u32) -> String {
    let versions = if version >= 150_000 {
        "datlocprovider::text AS provider, datcollversion AS recorded, pg_database_collation_actual_version(oid) AS actual"
    } else {
        "'c' AS provider, NULL::text AS recorded, NULL::text AS actual"
    };
    let locale = match version {
        170_000.. => "coalesce(datlocale, datcollate)",
        150_000.. => "coalesce(daticulocale, datcollate)",
        _ => "datcollate",
    };
    format!(
        "SELECT datname AS name, {locale}::text AS locale, {versions} FROM pg_database WHERE datallowconn \
         ORDER BY datname <> current_database(), datname LIMIT 100"
    )
}

/// Of the indexes of users: 16384 is the first number that they are given.
fn used(version: u32) -> String {
    let locale = match version {
        170_000.. => "coalesce(l.colllocale, l.collcollate)",
        150_000.. => "coalesce(l.colliculocale, l.collcollate)",
        _ => "l.collcollate",
    };
    format!(
        "SELECT u.name, u.oid = 100 AS is_default, l.collprovider::text AS provider, {locale}::text AS locale, \
         l.collversion AS recorded, CASE WHEN u.oid <> 100 THEN pg_collation_actual_version(u.oid) END AS actual, \
         u.indexes, u.examples FROM (SELECT k.oid, k.oid::regcollation::text AS name, count(*) AS indexes, \
         (array_agg(k.index ORDER BY k.index))[1:10] AS examples FROM (SELECT DISTINCT c.oid AS oid, i.indexrelid::regclass::text AS index \
         FROM pg_index i, unnest(i.indcollation::oid[]) c(oid) WHERE c.oid <> 0 AND i.indexrelid >= 16384) k GROUP BY k.oid) u \
         JOIN pg_collation l ON l.oid = u.oid ORDER BY u.oid LIMIT 200"
    )
}

/// Asks for both.
pub(super) async fn look(session: &mut Postgres, version: u32) -> PostgresCollations {
    let used = used(version);
    // The type that names collations came with 13.
    let used = if version >= 130_000 {
        used
    } else {
        used.replace(
            "k.oid::regcollation::text",
            "(SELECT quote_ident(collname) FROM pg_collation n WHERE n.oid = k.oid)",
        )
    };
    PostgresCollations {
        databases: session.rows(&databases(version)).await,
        used: session.rows(&used).await,
    }
}

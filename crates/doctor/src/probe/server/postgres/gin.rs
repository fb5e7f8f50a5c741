//! Lists of GIN indexes, by the extension `pgstattuple` where it is installed: of an index it reads one page.
//!
//! Source: the documentation of PostgreSQL, F.32 (`pgstatginindex`), 70.4.1 (GIN fast update).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresGin, Probed};

/// The largest that sort in later. Those of others' sessions, those that are not built, and those that somebody has to himself now cannot
/// be asked.
const INDEXES: &str = "SELECT x.indexrelid::regclass::text AS name, x.indrelid::regclass::text AS table, \
     x.indexrelid::bigint AS oid, current_setting('block_size')::int AS page_bytes, \
     coalesce((SELECT o.option_value::bigint FROM pg_options_to_table(c.reloptions) o WHERE o.option_name = 'gin_pending_list_limit'), \
     (SELECT setting::bigint FROM pg_settings WHERE name = 'gin_pending_list_limit')) AS limit_kb \
     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam \
     WHERE a.amname = 'gin' AND c.relkind = 'i' AND x.indisvalid AND c.relpersistence = 'p' \
     AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation IN (x.indexrelid, x.indrelid) AND l.mode = 'AccessExclusiveLock') \
     AND coalesce((SELECT o.option_value::bool FROM pg_options_to_table(c.reloptions) o WHERE o.option_name = 'fastupdate'), true) \
     ORDER BY c.relpages DESC, 1 LIMIT 100";

const SCHEMA: &str = "SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'pgstattuple'";

#[derive(Deserialize)]
struct Index {
    name: String,
    table: String,
    oid: u64,
    page_bytes: u64,
    limit_kb: u64,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

#[derive(Deserialize)]
struct Pending {
    oid: u64,
    pages: u64,
}

/// Asks for them; where there is none the extension is not needed.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresGin>> {
    let indexes: Vec<Index> = match session.rows(INDEXES).await {
        Probed::Seen(indexes) => indexes,
        other => return other.map(|_| Vec::new()),
    };
    let pages = if indexes.is_empty() {
        Probed::Seen(BTreeMap::new())
    } else {
        pending(session, &indexes).await
    };
    let with_pages = |it: Index| PostgresGin {
        pages: pages.clone().and_then(|pages| {
            let pages = pages.get(&it.oid).copied();
            pages
                .map_or_else(|| Probed::Absent(format!("index {} any more", it.name)), Probed::Seen)
        }),
        name: it.name,
        table: it.table,
        limit_kb: it.limit_kb,
        page_bytes: it.page_bytes,
    };
    Probed::Seen(indexes.into_iter().map(with_pages).collect())
}

async fn pending(session: &mut Postgres, indexes: &[Index]) -> Probed<BTreeMap<u64, u64>> {
    let schema: Vec<Schema> = match session.rows(SCHEMA).await {
        Probed::Seen(found) => found,
        other => return other.map(|_| BTreeMap::new()),
    };
    let Some(Schema { schema }) = schema.first() else {
        return Probed::Absent(
            "extension pgstattuple in this database, which counts their pages: CREATE EXTENSION pgstattuple".to_owned(),
        );
    };
    let oids: Vec<String> = indexes.iter().map(|it| it.oid.to_string()).collect();
    let statement = format!(
        "SELECT o.oid::bigint AS oid, p.pending_pages AS pages FROM unnest(ARRAY[{}]::oid[]) o(oid), {schema}.pgstatginindex(o.oid::regclass) p",
        oids.join(",")
    );
    let pending: Probed<Vec<Pending>> = match session.rows(&statement).await {
        Probed::Denied(_) => Probed::Denied("GRANT pg_stat_scan_tables to the role".to_owned()),
        other => other,
    };
    pending.map(|all| all.into_iter().map(|it| (it.oid, it.pages)).collect())
}

//! How full the leaves of B-trees are, by the extension `pgstattuple`: it reads all of each, so only if the look is deep.
//!
//! Source: the documentation of PostgreSQL, F.32 (`pgstatindex`).

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresDensity, Probed};

/// The largest below 1 GB, as many as are 1 GB together, at most 20; below 8 MiB there is nothing to win. Those that somebody has to himself
/// now cannot be read.
const INDEXES: &str = "SELECT oid, quote_ident((SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pgstattuple')) AS schema \
     FROM (SELECT c.oid::bigint AS oid, c.relpages, sum(c.relpages::bigint) OVER (ORDER BY c.relpages DESC, c.oid) AS pages \
     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam \
     WHERE a.amname = 'btree' AND c.relkind = 'i' AND x.indisvalid AND c.relpersistence = 'p' AND c.oid >= 16384 \
     AND c.relpages BETWEEN 1024 AND 131072 \
     AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation IN (x.indexrelid, x.indrelid) AND l.mode = 'AccessExclusiveLock')) s \
     WHERE pages <= 131072 ORDER BY pages LIMIT 20";

#[derive(Deserialize)]
struct Index {
    oid: u64,
    schema: Option<String>,
}

/// Asks for it.
pub(super) async fn look(session: &mut Postgres, deep: bool) -> Probed<Vec<PostgresDensity>> {
    if !deep {
        return Probed::Absent(
            "reading of whole indexes unless the look is deep (--deep)".to_owned(),
        );
    }
    let indexes: Vec<Index> = match session.rows(INDEXES).await {
        Probed::Seen(indexes) => indexes,
        other => return other.map(|_: Vec<Index>| Vec::new()),
    };
    let Some(first) = indexes.first() else { return Probed::Seen(Vec::new()) };
    let Some(schema) = &first.schema else {
        return Probed::Absent(
            "extension pgstattuple in this database, which reads indexes: CREATE EXTENSION pgstattuple".to_owned(),
        );
    };
    let oids: Vec<String> = indexes.iter().map(|it| it.oid.to_string()).collect();
    let statement = format!(
        "SELECT o.oid::regclass::text AS name, p.index_size AS bytes, \
         (nullif(p.avg_leaf_density, 'NaN') * 100)::bigint AS leaf_density \
         FROM unnest(ARRAY[{}]::oid[]) o(oid), {schema}.pgstatindex(o.oid::regclass) p",
        oids.join(",")
    );
    match session.rows(&statement).await {
        Probed::Denied(_) => Probed::Denied("GRANT pg_stat_scan_tables to the role".to_owned()),
        other => other,
    }
}

//! An index of hundred thousands of rows, of which most are deleted; mended by a rebuild.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(450_000, 50_000);
    // One of so many is left.
    let left = stage.draw(3, 8);
    let server = Server::start(&["autovacuum=off", "synchronous_commit=off"])?;
    server.sql("CREATE EXTENSION pgstattuple")?;
    server
        .sql(&format!("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, {rows}) g"))?;
    server.sql("CREATE INDEX orders_id ON orders (id)")?;
    server.sql(&format!("DELETE FROM orders WHERE id % {left} <> 0"))?;
    // One that stays as it is.
    server.sql("CREATE TABLE lines AS SELECT g AS id FROM generate_series(1, 400000) g")?;
    server.sql("CREATE INDEX lines_id ON lines (id)")?;
    server.sql("VACUUM ANALYZE")?;
    let look = stage.asking(Ask { deep: true, ..server.seen() });
    let at = format!("{} index orders_id", server.target());
    let found = look.until("it is sparse", |records| failing(records, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let bytes = server.sql("SELECT round(pg_relation_size('orders_id') / 1e6)")?;
    let density = server.sql("SELECT floor(avg_leaf_density) FROM pgstatindex('orders_id')")?;
    if !record.observed.starts_with(&format!("{bytes} MB long, its leaves {density} % full")) {
        return Err(format!("{bytes} MB, {density} %; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("REINDEX INDEX CONCURRENTLY orders_id")?;
    look.until("it is rebuilt", |records| failing(records, &at).is_none())?;
    Ok(seen)
}

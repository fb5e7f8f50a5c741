//! A table that autovacuum leaves alone, with tens of thousands of rows; mended by ANALYZE.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(10_001, 20_000);
    let server = Server::start(&[])?;
    server.sql("CREATE TABLE orders (id int, note text) WITH (autovacuum_enabled = off)")?;
    server.sql(&format!(
        "INSERT INTO orders SELECT g, 'note ' || g FROM generate_series(1, {rows}) g"
    ))?;
    let stage = stage.asking(server.seen());
    let at = format!("{} table orders", server.target());
    let found = stage.until("it has none", |records| failing(records, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let count = server.sql("SELECT count(*) FROM orders")?;
    if !record.observed.replace(',', "").starts_with(&format!("{count} rows ")) {
        return Err(format!("it has {count} rows; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("ANALYZE orders")?;
    stage.until("it is analysed", |records| failing(records, &at).is_none())?;
    Ok(seen)
}

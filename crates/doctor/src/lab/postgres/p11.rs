//! A unique index that is built concurrently and fails, as rows are there twice; mended by dropping it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(1_000, 20_000);
    let server = Server::start(&[])?;
    server.sql(&format!(
        "CREATE TABLE orders AS SELECT n / 2 AS id FROM generate_series(1, {rows}) n"
    ))?;
    if server.sql("CREATE UNIQUE INDEX CONCURRENTLY orders_id ON orders (id)").is_ok() {
        return Err("the index was built, though rows are there twice".into());
    }
    let stage = stage.asking(server.seen());
    let at = "public.orders_id";
    let found = stage.until("the index is not valid", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let shown = server.sql("SELECT indisvalid, relpages * 8192::bigint * 10 / 1024 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = 'orders_id'")?;
    let (valid, tenths) = shown.split_once('|').unwrap_or_default();
    let tenths: u64 = tenths.parse().unwrap_or(0);
    let size =
        if tenths == 0 { "0 B".to_owned() } else { format!("{}.{} kB", tenths / 10, tenths % 10) };
    if valid != "f"
        || record.observed != format!("index public.orders_id of {size} on orders is not valid")
    {
        return Err(format!("it is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("DROP INDEX CONCURRENTLY orders_id")?;
    stage.until("the index is gone", |it| failing(it, at).is_none())?;
    Ok(seen)
}

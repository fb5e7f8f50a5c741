//! Autovacuum that is off, and a table whose rows died; mended by switching it on and a vacuum.

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(20_000, 30_000);
    let server = Server::start(&[])?;
    let change = |value: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET autovacuum = {value}"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    change("off")?;
    wait_for(&server, "SHOW autovacuum", "off")?;
    server.sql(&format!("CREATE TABLE orders AS SELECT 1 AS n FROM generate_series(1, {rows})"))?;
    server.sql("UPDATE orders SET n = 2")?;
    let dead = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'orders'";
    wait_for(&server, dead, &rows.to_string())?;
    let stage = stage.asking(server.seen());
    let at = "public.orders";
    let found = stage.until("rows are dead", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    if !record.observed.starts_with(&format!("public.orders has {} dead rows", server.sql(dead)?)) {
        return Err(format!("{rows} are dead; the check says {}", record.observed).into());
    }
    if failing(&found, &server.target()).is_none_or(|it| it.observed != "autovacuum is off") {
        return Err("that autovacuum is off is not told".into());
    }
    let seen = record.observed.clone();
    change("on")?;
    server.sql("VACUUM ANALYZE orders")?;
    stage.until("all is well", |it| {
        failing(it, at).is_none() && failing(it, &server.target()).is_none()
    })?;
    Ok(seen)
}

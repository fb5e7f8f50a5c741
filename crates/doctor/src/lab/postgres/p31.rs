//! A slot that nobody reads, a limit of 1 MB, and more WAL than that; mended by dropping it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let segments = stage.draw(3, 4);
    let server = Server::start(&[])?;
    server.must_be(13, "which takes a slot away")?;
    server.stop()?;
    let settings = ["max_slot_wal_keep_size=1MB", "wal_keep_size=0", "min_wal_size=32MB"];
    server.start_again(&server.options(&settings))?;
    // One that keeps nothing, and so loses nothing.
    server.sql("SELECT pg_create_physical_replication_slot('spare')")?;
    server.sql("SELECT pg_create_physical_replication_slot('warehouse', true)")?;
    for _ in 0..segments {
        server.sql("CREATE TABLE orders AS SELECT g FROM generate_series(1, 100) g")?;
        server.sql("DROP TABLE orders")?;
        server.sql("SELECT pg_switch_wal()")?;
    }
    server.sql("CHECKPOINT")?;
    let look = stage.asking(server.seen());
    let at = format!("{} slot warehouse", server.target());
    let found = look.until("it is lost", |records| failing(records, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let status = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'warehouse'";
    let status = server.sql(status)?;
    if status != "lost" || !record.observed.starts_with("physical slot is lost: ") {
        return Err(format!("it is {status}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_drop_replication_slot('warehouse')")?;
    look.until("it is dropped", |records| failing(records, &at).is_none())?;
    Ok(seen)
}

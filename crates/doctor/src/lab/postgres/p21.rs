//! A logical slot with little memory, and a transaction of thousands of rows that is decoded; mended by more memory.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(5_000, 20_000);
    let server = Server::start(&["wal_level=logical"])?;
    server.must_be(14, "which counts it")?;
    let memory = |value: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET logical_decoding_work_mem = '{value}'"))?;
        server.sql("SELECT pg_reload_conf()")?;
        let shown = "SELECT current_setting('logical_decoding_work_mem')";
        stage.wait("it took the setting", || Ok(server.sql(shown)? == value))
    };
    memory("64kB")?;
    server.sql("SELECT pg_create_logical_replication_slot('warehouse', 'test_decoding')")?;
    server.sql("CREATE TABLE orders (id int, note text)")?;
    server
        .sql(&format!("INSERT INTO orders SELECT g, 'note' FROM generate_series(1, {rows}) g"))?;
    let read = || {
        let changes = "pg_logical_slot_peek_changes('warehouse', NULL, NULL)";
        server.sql(&format!("SELECT count(*) FROM {changes}")).map(drop)
    };
    let spilled = || -> Result<u64, Stop> {
        let text = server.sql("SELECT sum(spill_bytes) FROM pg_stat_replication_slots")?;
        text.parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    let look = stage.asking(server.seen());
    let at = format!("{} slot warehouse", server.target());
    let before = spilled()?;
    let found = look.between(read)?;
    let grown = spilled()? - before;
    let record = failing(&found, &at)
        .ok_or_else(|| format!("{grown} bytes were spilled; the check says {found:?}"))?;
    if !record.observed.starts_with(&format!("{grown} bytes of 1 more transaction ")) {
        return Err(
            format!("{grown} bytes were spilled; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    memory("64MB")?;
    let mended = look.between(read)?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("it fits now; the check says {record:?}").into()),
    }
}

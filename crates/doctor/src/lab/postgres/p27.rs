//! A standby that waits for nobody, readers on it, and rows that the primary vacuums away.

use super::psql::Psql;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// What readers are told.
const CANCELLED: &str = "due to conflict with recovery";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(1, 4);
    let primary = Server::start(&["autovacuum=off"])?;
    let standby = primary.standby(&["max_standby_streaming_delay=0"])?;
    primary.sql("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 1000) g")?;
    wait(stage, &standby, "SELECT count(*) FROM pg_class WHERE relname = 'orders'", 1)?;
    let read = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ",
        "SELECT count(*) FROM orders",
        "SELECT pg_sleep(60)",
    ];
    let readers = (0..count).map(|_| Psql::begin(&standby, &read));
    let readers = readers.collect::<Result<Vec<_>, _>>()?;
    wait(
        stage,
        &standby,
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'",
        count,
    )?;
    let look = stage.asking(standby.seen());
    let mut cancelled = 0;
    let found = look.between(|| {
        primary.sql("DELETE FROM orders")?;
        primary.sql("VACUUM orders")?;
        for reader in readers {
            cancelled += u64::from(reader.end()?.contains(CANCELLED));
        }
        let counted = "SELECT sum(confl_snapshot) FROM pg_stat_database_conflicts";
        wait(stage, &standby, counted, count)
    })?;
    let record = failing(&found, &standby.target()).ok_or("nothing was cancelled")?;
    let was = if cancelled == 1 { "statement was" } else { "statements were" };
    if cancelled != count || !record.observed.starts_with(&format!("{cancelled} {was} cancelled")) {
        return Err(
            format!("{cancelled} of {count} were; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    // Mended: who reads now sees nothing that the primary still takes away.
    let mended = look.between(|| {
        primary.sql("VACUUM orders")?;
        standby.sql("SELECT count(*) FROM orders").map(drop)
    })?;
    match failing(&mended, &standby.target()) {
        None => Ok(seen),
        Some(record) => Err(format!("nobody reads now; the check says {record:?}").into()),
    }
}

/// Waits until a statement answers this.
fn wait(stage: &Stage<'_>, server: &Server, statement: &str, wanted: u64) -> Result<(), Stop> {
    stage.wait(statement, || Ok(server.sql(statement)? == wanted.to_string()))
}

//! A sort of millions of rows with the least `work_mem`; mended by running it with enough.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(1_500_000, 400_000);
    let server = Server::start(&["autovacuum=off", "max_parallel_workers_per_gather=0"])?;
    server.sql(&format!("CREATE TABLE orders AS SELECT g AS id, repeat('x', 32) AS note FROM generate_series(1, {rows}) g"))?;
    let sort = |memory: &str| {
        let sorted = "SELECT id, note FROM orders ORDER BY note, id DESC OFFSET 0";
        server.sql(&format!("SET work_mem = '{memory}'; SELECT count(*) FROM ({sorted}) s"))?;
        server.settle()
    };
    let counted = || -> Result<u64, Stop> {
        let text = server.sql("SELECT sum(temp_bytes) FROM pg_stat_database")?;
        text.parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    let look = stage.asking(server.seen());
    let at = format!("{} database postgres", server.target());
    let before = counted()?;
    let found = look.between(|| sort("64kB"))?;
    let grown = counted()? - before;
    let record = failing(&found, &at)
        .ok_or_else(|| format!("{grown} bytes were written; the check says {found:?}"))?;
    let told = record.observed.replace(',', "");
    if !told.starts_with(&format!("{grown} bytes in ")) {
        return Err(format!("{grown} bytes were written; the check says {told}").into());
    }
    let seen = record.observed.clone();
    let mended = look.between(|| sort("1GB"))?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("it fits now; the check says {record:?}").into()),
    }
}

//! A table with an index on a column, and a search by `lower()` of it; mended by an index on that.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let calls = stage.draw(2, 4);
    let server = Server::start(&[
        "shared_preload_libraries=pg_stat_statements",
        "max_parallel_workers_per_gather=0",
    ])?;
    server.sql("CREATE EXTENSION pg_stat_statements")?;
    server.sql("CREATE TABLE people AS SELECT 'Name' || g || '@example.org' AS email FROM generate_series(1, 200000) g")?;
    server.sql("CREATE INDEX people_email ON people (email)")?;
    server.sql("ANALYZE people")?;
    let search = || {
        let statement = "SELECT count(*) FROM people WHERE lower(email) = 'name7@example.org'";
        (0..calls).try_for_each(|_| server.sql(statement).map(drop))
    };
    let look = stage.asking(server.seen());
    let at = format!("{} table people", server.target());
    let found = look.between(search)?;
    let record = failing(&found, &at).ok_or_else(|| format!("the check says {found:?}"))?;
    let counted =
        server.sql("SELECT calls FROM pg_stat_statements WHERE query LIKE '%lower(email)%'")?;
    if !record.observed.starts_with(&format!("{counted} calls of ")) {
        return Err(format!("{counted} were made; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("CREATE INDEX CONCURRENTLY people_lower ON people (lower(email))")?;
    server.sql("ANALYZE people")?;
    let mended = look.between(search)?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("it has its index; the check says {record:?}").into()),
    }
}

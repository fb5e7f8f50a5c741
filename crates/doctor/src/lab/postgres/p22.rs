//! The first row of a state that half of all rows have, planned for its value, then by a plan for any; mended by planning again.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let calls = stage.draw(10, 10);
    let rows = stage.draw(600_000, 100_000);
    let server = Server::start(&[
        "shared_preload_libraries=pg_stat_statements",
        "pg_stat_statements.track_planning=on",
        "max_parallel_workers_per_gather=0",
        "autovacuum=off",
        "jit=off",
    ])?;
    server.must_be(13, "which counts plans")?;
    server.sql("CREATE EXTENSION pg_stat_statements")?;
    // One state has half of the rows, and each other row a state of its own: a plan for any state expects one row, and sorts it.
    server.sql(&format!(
        "CREATE TABLE orders AS SELECT g AS id, CASE WHEN g % 2 = 0 THEN 0 ELSE g END AS state FROM generate_series(1, {rows}) g"
    ))?;
    server.sql("ALTER TABLE orders ADD PRIMARY KEY (id); CREATE INDEX ON orders (state)")?;
    server.sql("ANALYZE orders")?;
    let prepare =
        "PREPARE lab (int) AS SELECT o.id FROM orders o WHERE o.state = $1 ORDER BY o.id LIMIT 1;";
    let execute = |mode: &str, times: u64| {
        let executes = "EXECUTE lab (0);".repeat(usize::try_from(times).unwrap_or(0));
        server.sql(&format!("SET plan_cache_mode = {mode}; {prepare} {executes}")).map(drop)
    };
    execute("force_custom_plan", 20)?;
    let look = stage.asking(server.seen());
    let at = |records: &[crate::record::Record]| failing(records, "").cloned();
    let found = look.between(|| execute("force_generic_plan", calls))?;
    let record = at(&found).ok_or_else(|| format!("the check says {found:?}"))?;
    let counted = server.sql(
        "SELECT calls - 20 FROM pg_stat_statements WHERE query LIKE '%o.state%' AND calls > 5",
    )?;
    if !record.observed.starts_with(&format!("{counted} calls with ")) {
        return Err(format!("{counted} were made; the check says {}", record.observed).into());
    }
    let seen = record.observed;
    let mended = look.between(|| execute("force_custom_plan", 20))?;
    match at(&mended) {
        None => Ok(seen),
        Some(record) => Err(format!("it is planned again; the check says {record:?}").into()),
    }
}

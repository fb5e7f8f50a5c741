//! A table with an index on a column, and a search by `lower()` of it; mended by an index on that. And an index of open orders only, with
//! a prepared statement that has the state as a parameter, and a plan for any; mended by the constant.

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
    if let Some(record) = failing(&mended, &at) {
        return Err(format!("it has its index; the check says {record:?}").into());
    }
    partial(stage, &server, calls)?;
    Ok(seen)
}

/// The same of a partial index.
fn partial(stage: &Stage<'_>, server: &Server, calls: u64) -> Result<(), Stop> {
    server.sql("CREATE TABLE orders AS SELECT g % 5000 AS customer, CASE WHEN g % 100 = 0 THEN 'open' ELSE 'done' END AS state FROM generate_series(1, 600000) g")?;
    server.sql(
        "CREATE INDEX orders_open ON orders (customer) WHERE state = 'open'; ANALYZE orders",
    )?;
    let seen =
        "SELECT seq_scan || ' ' || idx_scan FROM pg_stat_user_tables WHERE relname = 'orders'";
    let (scans, uses) = pair(&server.sql(seen)?)?;
    let prepare = "PREPARE lab (int, text) AS SELECT count(*) FROM orders WHERE customer = $1 AND state = $2;";
    let executes = "EXECUTE lab (700, 'open');".repeat(usize::try_from(calls).unwrap_or(0));
    let statement = format!("SET plan_cache_mode = force_generic_plan; {prepare} {executes}");
    let look = stage.asking(server.seen());
    let at = format!("{} table orders", server.target());
    let found = look.between(|| {
        server.sql(&statement)?;
        let is_counted = || Ok(pair(&server.sql(seen)?)?.0 >= scans + calls);
        stage.wait("the scans are counted", is_counted)
    })?;
    let record = failing(&found, &at).ok_or_else(|| format!("the check says {found:?}"))?;
    let (now, used) = pair(&server.sql(seen)?)?;
    let told = format!("{calls} calls of ");
    let read = format!("all of orders was read {} times", now - scans);
    if used != uses || !record.observed.starts_with(&told) || !record.observed.contains(&read) {
        return Err(format!("{told}, {read}, {used} uses; the check says {record:?}").into());
    }
    let mended = look.between(|| {
        let constant = "SELECT count(*) FROM orders WHERE customer = 700 AND state = 'open'";
        (0..calls).try_for_each(|_| server.sql(constant).map(drop))?;
        stage.wait("the uses are counted", || Ok(pair(&server.sql(seen)?)?.1 >= uses + calls))
    })?;
    match failing(&mended, &at) {
        None => Ok(()),
        Some(record) => Err(format!("it says the constant; the check says {record:?}").into()),
    }
}

/// Two numbers with a space between.
fn pair(text: &str) -> Result<(u64, u64), Stop> {
    let (first, second) = text.split_once(' ').ok_or_else(|| format!("no pair: {text}"))?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    Ok((number(first)?, number(second)?))
}

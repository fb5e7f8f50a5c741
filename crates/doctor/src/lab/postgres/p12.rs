//! Rows of a parent are deleted that a large table refers to without an index; mended by an index.

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::record::Record;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (rows, deleted) = (stage.draw(10_000, 20_000), stage.draw(1, 9));
    let server = Server::start(&[])?;
    server.sql("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 100)")?;
    server.sql("CREATE TABLE lines (order_id int REFERENCES orders)")?;
    server.sql(&format!("INSERT INTO lines SELECT 1 FROM generate_series(1, {rows})"))?;
    server.sql("VACUUM ANALYZE lines")?;
    let stage = stage.asking(server.seen());
    let count = "SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'orders'";
    // From the end, as the first order has lines.
    let delete = |from: u64| -> Result<Vec<Record>, Stop> {
        stage.between(|| {
            server.sql(&format!(
                "DELETE FROM orders WHERE id > {} AND id <= {from}",
                from - deleted
            ))?;
            // Each session tells what it did after a moment.
            wait_for(&server, count, &(100 - from + deleted).to_string())
        })
    };
    let at = "public.lines lines_order_id_fkey";
    let found = delete(100)?;
    let record = failing(&found, at).ok_or_else(|| format!("it is not found: {found:?}"))?;
    let told = [format!("{deleted} row was deleted"), format!("{deleted} rows were deleted")];
    let table = server.sql("SELECT reltuples::bigint FROM pg_class WHERE relname = 'lines'")?;
    let is_told = told.iter().any(|it| record.observed.starts_with(it))
        && record.observed.contains(&format!("of {table} rows"));
    if !is_told {
        return Err(
            format!("{deleted} deleted, {table} rows; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    server.sql("CREATE INDEX CONCURRENTLY ON lines (order_id)")?;
    let mended = delete(100 - deleted)?;
    if failing(&mended, at).is_some() {
        return Err(format!("it has an index, and is found still: {mended:?}").into());
    }
    Ok(seen)
}

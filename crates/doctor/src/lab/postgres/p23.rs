//! Tens of thousands of updates of an indexed column; mended by dropping that index, and by room on the pages.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(10_001, 5_000);
    let server = Server::start(&["autovacuum=off"])?;
    server.sql("CREATE TABLE stock (id int PRIMARY KEY, changed int) WITH (fillfactor = 45)")?;
    server.sql(&format!("INSERT INTO stock SELECT g, 0 FROM generate_series(1, {rows}) g"))?;
    server.sql("CREATE INDEX stock_changed ON stock (changed)")?;
    server.sql("VACUUM ANALYZE stock")?;
    let update = || {
        server.sql("UPDATE stock SET changed = changed + 1")?;
        server.settle()
    };
    let look = stage.asking(server.seen());
    let at = format!("{} table public.stock", server.target());
    let counters =
        || server.sql("SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables");
    let before = counters()?;
    let found = look.between(update)?;
    let after = counters()?;
    let record = failing(&found, &at).ok_or_else(|| {
        format!("updates and those on their page went from {before} to {after}; the check says {found:?}")
    })?;
    let told = record.observed.replace(',', "");
    if (before.as_str(), after) != ("0 0", format!("{rows} 0"))
        || !told.starts_with(&format!("0 % of {rows} updates "))
    {
        return Err(format!("{rows} updates, none on its page; the check says {told}").into());
    }
    let seen = record.observed.clone();
    server.sql("DROP INDEX stock_changed")?;
    server.sql("VACUUM FULL stock")?;
    let mended = look.between(update)?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("the index is gone; the check says {record:?}").into()),
    }
}

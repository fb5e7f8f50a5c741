//! A table outbox that is read by number; mended by taking its rows with SKIP LOCKED.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let calls = stage.draw(2, 6);
    let server = Server::start(&["shared_preload_libraries=pg_stat_statements"])?;
    server.sql("CREATE EXTENSION pg_stat_statements")?;
    server.sql("CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY, body text)")?;
    let look = stage.asking(server.seen());
    let at = format!("{} table outbox", server.target());
    let poll = "SELECT id, body FROM outbox WHERE id > 0 ORDER BY id LIMIT 10";
    let found = look.between(|| (0..calls).try_for_each(|_| server.sql(poll).map(drop)))?;
    let record = failing(&found, &at).ok_or_else(|| format!("the check says {found:?}"))?;
    let counted =
        server.sql("SELECT calls FROM pg_stat_statements WHERE query LIKE '%ORDER BY id%'")?;
    if !record.observed.starts_with(&format!("read by number {counted} times: ")) {
        return Err(
            format!("it was read {counted} times; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    let take = "SELECT id, body FROM outbox ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED";
    let mended = look.between(|| server.sql(take).map(drop))?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("they are taken now; the check says {record:?}").into()),
    }
}

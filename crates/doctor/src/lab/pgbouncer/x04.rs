//! A pool of one connection, which a transaction holds while others want it; mended by ending the transaction.

use super::server::Pooler;
use crate::lab::postgres::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[])?;
    let settings = "pool_mode = transaction\ndefault_pool_size = 1";
    let pooler = Pooler::start(stage, &server, settings)?;
    let holder = pooler.client("BEGIN; SELECT 1;")?;
    let held = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'";
    stage.wait("a transaction holds it", || Ok(server.sql(held)? == "1"))?;
    let count = stage.draw(2, 6);
    let others = (0..count).map(|_| pooler.client("SELECT 1;")).collect::<Result<Vec<_>, _>>()?;
    let (stage, target) = (stage.asking(pooler.seen()), pooler.target());
    let wanted = format!("{count} clients wait for a connection");
    let is_told = |records: &[_]| {
        failing(records, &target).is_some_and(|it| it.observed.starts_with(&wanted))
    };
    let found = stage.until("they wait", is_told)?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    // All that the server has of the pooler is that one.
    let connections = server.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )?;
    if !seen.ends_with(&format!(": {connections} of 1 connections are taken")) {
        return Err(format!("the server has {connections}; the check says {seen}").into());
    }
    drop(holder);
    stage.until("nobody waits", |records| failing(records, &target).is_none())?;
    drop(others);
    Ok(seen)
}

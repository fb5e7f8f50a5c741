//! A pooler that shares one connection by transaction: advisory locks of a client, a setting of it and its LISTEN stay there, and another
//! client hears what is notified; mended by session pooling.

use super::server::Pooler;
use crate::lab::postgres::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;
use crate::record::{Record, Status};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[])?;
    let locks = stage.draw(2, 7);
    let settings = |mode| format!("pool_mode = {mode}\ndefault_pool_size = 1");
    let pooler = Pooler::start(stage, &server, &settings("transaction"))?;
    let both = stage.asking(asking(&pooler, &server));
    let target = pooler.target();
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    let owner = pooler
        .client(&format!("SELECT pg_advisory_lock(g) FROM generate_series(1, {locks}) g;"))?;
    stage.wait("the locks are held", || Ok(server.sql(held)? == locks.to_string()))?;
    let found = both.until("locks are left", |it| aspect(it, "advisory-lock").is_some())?;
    let seen = aspect(&found, "advisory-lock").ok_or("it is gone again")?.observed.clone();
    let (count, pid) = (
        server.sql(held)?,
        server.sql("SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'")?,
    );
    if seen
        != format!("{count} advisory locks stay on 1 idle connection that clients share: pid {pid}")
    {
        return Err(
            format!("the server has {count} of process {pid}; the check says {seen}").into()
        );
    }
    let setter = pooler.client("SET work_mem = '7MB';")?;
    both.until("a setting is left", |it| {
        aspect(it, "set").is_some_and(|it| it.observed.starts_with("SET of work_mem was"))
    })?;
    let listener = pooler.client("LISTEN groundsill_lab;")?;
    both.until("LISTEN is left", |it| aspect(it, "listen").is_some())?;
    // What another client finds on its connection.
    let other = pooler.psql("SHOW work_mem; SELECT pg_notify('groundsill_lab', 'heard');")?;
    if !(other.contains("7MB") && other.contains("\"groundsill_lab\"")) {
        return Err(format!("another client is told {other}").into());
    }
    drop((owner, setter, listener, pooler));
    let pooler = Pooler::start(stage, &server, &settings("session"))?;
    let listener = pooler.client(&format!(
        "SELECT pg_advisory_lock(g) FROM generate_series(1, {locks}) g; LISTEN groundsill_lab;"
    ))?;
    stage.wait("the locks are held", || Ok(server.sql(held)? == locks.to_string()))?;
    let both = stage.asking(asking(&pooler, &server));
    both.until("each has a connection of its own", |it| {
        failing(it, &target).is_none() && it.iter().any(|it| it.status == Status::Pass)
    })?;
    drop(listener);
    Ok(seen)
}

fn asking(pooler: &Pooler, server: &Server) -> Ask {
    let mut ask = pooler.seen();
    ask.servers.extend(server.seen().servers);
    ask
}

fn aspect<'r>(records: &'r [Record], aspect: &str) -> Option<&'r Record> {
    records.iter().find(|it| it.status == Status::Fail && it.aspect == Some(aspect))
}

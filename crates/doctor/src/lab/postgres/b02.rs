//! A server with a drawn number of connections, and pools that are together larger by one; mended by one that lets one more in.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let all = stage.draw(20, 40);
    let connections = |number: u64| format!("max_connections={number}");
    let server = Server::start(&[&connections(all)])?;
    let left = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int";
    let left: u64 = server.sql(left)?.parse().map_err(|error| format!("psql: {error}"))?;
    let pool = left + 1;
    let said = [("pool-max", pool.to_string()), ("app-replicas", "1".to_owned())];
    let facts = said.map(|(name, value)| (name.to_owned(), value)).into();
    let stage = stage.asking(Ask { facts, ..server.seen() });
    let at = server.target();
    let found = stage.until("the pools are too large", |it| failing(it, &at).is_some())?;
    let seen = failing(&found, &at).ok_or("it is gone again")?.observed.clone();
    let told = format!("1 pools of {pool} are {pool} connections, and {left} are let in");
    if seen != told {
        return Err(format!("{told}; the check says {seen}").into());
    }
    server.stop()?;
    server.start_again(&server.options(&[&connections(all + 1)]))?;
    stage.until("they fit", |it| failing(it, &at).is_none())?;
    Ok(seen)
}

//! A server with a `statement_timeout` above what the client is said to wait; mended with one below it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let client_ms = stage.draw(2_000, 20) * 10;
    let server = Server::start(&[])?;
    let set = |ms: u64| {
        server.sql(&format!("ALTER SYSTEM SET statement_timeout = {ms}"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    set(client_ms + 40_000)?;
    let facts = [("client-timeout".to_owned(), format!("{client_ms}ms"))].into();
    let stage = stage.asking(Ask { facts, ..server.seen() });
    let at = server.target();
    let is_late = |it: &[_]| failing(it, &at).is_some_and(|it| !it.observed.contains("without"));
    let found = stage.until("statements run on", is_late)?;
    let seen = failing(&found, &at).ok_or("it is gone again")?.observed.clone();
    let shown = server.sql(
        "SELECT setting::numeric / 1000 || '' FROM pg_settings WHERE name = 'statement_timeout'",
    )?;
    let shown: f64 = shown.parse().map_err(|error| format!("psql: {error}"))?;
    if !seen.ends_with(&format!("may run for {shown} s")) {
        return Err(format!("statement_timeout is {shown} s; the check says {seen}").into());
    }
    set(client_ms - 1)?;
    stage.until("statements end before", |it| failing(it, &at).is_none())?;
    Ok(seen)
}

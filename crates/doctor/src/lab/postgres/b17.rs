//! Sessions that do nothing, and the fact that requests wait for a pool; mended as they run a statement.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[])?;
    server.sql("CREATE ROLE app LOGIN")?;
    let (sessions, waiting) = (stage.draw(6, 8), stage.draw(1, 30));
    let open = |_| Client::open(&server, "app", "groundsill_lab");
    let mut clients: Vec<_> = (0..sessions).map(open).collect::<Result<_, _>>()?;
    let count = |state: &str| {
        format!("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = '{state}'")
    };
    wait_for(&server, &count("idle"), &sessions.to_string())?;
    let facts = [("pool-waiting".to_owned(), waiting.to_string())].into();
    let stage = stage.asking(Ask { facts, ..server.seen() });
    let at = server.target();
    let found = stage.until("the database idles", |it| failing(it, &at).is_some())?;
    let seen = failing(&found, &at).ok_or("it is gone again")?.observed.clone();
    let idle = server.sql(&count("idle"))?;
    let told = format!("of {idle} connections 0 are active, {idle} idle");
    if !seen.contains(&told) {
        return Err(format!("{told}; the check says {seen}").into());
    }
    for client in &mut clients {
        client.say("SELECT pg_sleep(30)")?;
    }
    wait_for(&server, &count("active"), &sessions.to_string())?;
    stage.until("the database is busy", |it| failing(it, &at).is_none())?;
    Ok(seen)
}

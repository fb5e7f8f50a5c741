//! A setting that is changed in a file and waits for a restart; mended by taking it back.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[])?;
    let change = |value: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET max_connections = {value}"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    let running = server.sql("SHOW max_connections")?;
    change(&stage.draw(150, 100).to_string())?;
    let stage = stage.asking(server.seen());
    let found = stage.until("it waits", |records| failing(records, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let waits = server.sql("SELECT name FROM pg_settings WHERE pending_restart")?;
    if record.observed != format!("{waits} waits for a restart") {
        return Err(format!("{waits} waits; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    change(&running)?;
    stage.until("it is taken back", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}

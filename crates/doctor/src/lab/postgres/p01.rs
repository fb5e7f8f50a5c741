//! A server that does not wait for its disk; mended by having it wait again.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let name = ["fsync", "full_page_writes"][usize::from(stage.draw(0, 2) == 1)];
    let server = Server::start(&[])?;
    let change = |value: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET {name} = {value}"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    change("off")?;
    let stage = stage.asking(server.seen());
    let found = stage.until("it is off", |records| failing(records, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let shown = server.sql(&format!("SHOW {name}"))?;
    if record.observed != format!("{name} is {shown}") {
        return Err(format!("{name} is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    change("on")?;
    stage.until("it is on", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}

//! A server that does not wait for its disk; mended by having it wait again.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m01", &["--log-bin=log", "--server-id=1", "--sync-binlog=1"])?;
    let (name, value) = match stage.draw(0, 4) {
        0 => ("innodb_flush_log_at_trx_commit", 0),
        1 => ("innodb_flush_log_at_trx_commit", 2),
        2 => ("sync_binlog", 0),
        _ => ("sync_binlog", 100),
    };
    server.sql(&format!("SET GLOBAL {name} = {value}"))?;
    let stage = stage.asking(server.seen());
    let found =
        stage.until("it does not wait", |records| failing(records, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let shown = server.sql(&format!("SELECT @@global.{name}"))?;
    if record.observed != format!("{name} is {shown}") {
        return Err(format!("{name} is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql(&format!("SET GLOBAL {name} = 1"))?;
    stage.until("it waits", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}

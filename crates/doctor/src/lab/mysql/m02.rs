//! A server that writes each page once; mended by starting it so that it writes them twice.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let mut server = Server::start("m02", &["--skip-innodb-doublewrite"])?;
    let stage = stage.asking(server.seen());
    let target = server.target();
    let found = stage.until("pages are torn", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let shown = server.sql("SELECT IF(@@innodb_doublewrite, 'ON', 'OFF')")?;
    if record.observed != format!("innodb_doublewrite is {shown}") {
        return Err(format!("it is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.restart(&[])?;
    stage.until("pages are whole", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

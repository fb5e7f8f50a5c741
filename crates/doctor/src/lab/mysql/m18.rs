//! A replica that is told to go on where rows differ, or a server that writes statements to its log; mended by STRICT, or by ROW.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let options = ["--log-bin=log", "--server-id=2", "--binlog-format=ROW"];
    let server = Server::start("m18", &options)?;
    // A replica by its settings: what it would follow is not there.
    server.sql(
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody'",
    )?;
    let stage_of = stage.asking(server.seen());
    let target = server.target();
    stage_of.until("it is strict", |records| failing(records, &target).is_none())?;
    let (name, value, good) = if stage.draw(0, 2) == 0 {
        ("slave_exec_mode", "IDEMPOTENT", "STRICT")
    } else {
        ("binlog_format", "STATEMENT", "ROW")
    };
    server.sql(&format!("SET GLOBAL {name} = {value}"))?;
    let found = stage_of.until("it hides it", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let shown = server.sql(&format!("SELECT @@global.{name}"))?;
    if !record.observed.contains(&format!(" is {shown}")) {
        return Err(format!("{name} is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql(&format!("SET GLOBAL {name} = {good}"))?;
    stage_of.until("it is strict again", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

//! An `archive_command` that fails; mended by one that works.

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&["archive_mode=on"])?;
    let command = |command: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET archive_command = '{command}'"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    command("false")?;
    for _ in 0..stage.draw(1, 4) {
        server.sql("SELECT pg_create_restore_point('groundsill')")?;
        server.sql("SELECT pg_switch_wal()")?;
    }
    wait_for(&server, "SELECT failed_count > 0 FROM pg_stat_archiver", "t")?;
    let stage = stage.asking(server.seen());
    let found = stage.until("it fails", |it| failing(it, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let failed = server.sql("SELECT last_failed_wal FROM pg_stat_archiver")?;
    let waiting = server.run_in("ls", &[&server.path("data/pg_wal/archive_status")])?;
    let waiting = waiting.lines().filter(|name| name.rsplit('.').next() == Some("ready")).count();
    let told = [format!("{waiting} file waits"), format!("{waiting} files wait")];
    let is_told =
        record.observed.contains(&failed) && told.iter().any(|it| record.observed.contains(it));
    if !is_told {
        return Err(
            format!("{failed} failed, {waiting} wait; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    command("true")?;
    stage.until("it works", |it| failing(it, &server.target()).is_none())?;
    Ok(seen)
}

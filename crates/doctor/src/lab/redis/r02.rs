//! A server with snapshots only, and workers that wait for jobs; mended by an append-only file.

use super::server::{Server, says};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (workers, jobs) = (stage.draw(2, 3), stage.draw(10, 80));
    let server = Server::start("r02", &["save 3600 1", "appendonly no"])?;
    server.fill("job:", jobs, 16, 0)?;
    let mut waiting = Vec::new();
    for _ in 0..workers {
        waiting.push(server.waiting(&["BRPOP", "jobs", "0"])?);
    }
    let stage = stage.asking(server.seen());
    let words = format!("{workers} clients wait in brpop");
    let found = stage.until("workers wait", |records| {
        failing(records, &server.target()).is_some_and(|it| it.observed.contains(&words))
    })?;
    let seen = failing(&found, &server.target()).ok_or("it is gone again")?.observed.clone();
    let changes = server.field("rdb_changes_since_last_save")?;
    says(&seen, &[server.field("blocked_clients")? + " clients", format!("; {changes} changes")])?;
    server.set("appendonly", "yes")?;
    stage.until("it is written", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}

//! A session that updates a row and then does nothing, while another waits for that row; mended by ending the first.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let waiters = stage.draw(1, 3);
    let server = Server::start(&[])?;
    server.sql("CREATE TABLE orders AS SELECT 1 AS id, 0 AS n")?;
    let mut idle = Client::open(&server, "postgres", "groundsill_lab_idle")?;
    idle.say("BEGIN")?;
    idle.say("UPDATE orders SET n = 1 WHERE id = 1")?;
    let idles = "SELECT pid FROM pg_stat_activity WHERE application_name = 'groundsill_lab_idle'";
    wait_for(
        &server,
        &format!("SELECT count(*) FROM ({idles} AND state = 'idle in transaction') x"),
        "1",
    )?;
    let mut clients = Vec::new();
    for _ in 0..waiters {
        let mut client = Client::open(&server, "postgres", "groundsill_lab")?;
        client.say("UPDATE orders SET n = 2 WHERE id = 1")?;
        clients.push(client);
    }
    let waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted";
    wait_for(&server, waiting, &waiters.to_string())?;
    let pid = server.sql(idles)?;
    let at = format!("pid {pid}");
    let stage = stage.asking(server.seen());
    let found = stage.until("it is idle for long enough", |it| failing(it, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let blocked = server.sql(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE {pid} = ANY (pg_blocking_pids(pid))"
    ))?;
    let told =
        [format!("{blocked} session waits for it"), format!("{blocked} sessions wait for it")];
    if !told.iter().any(|it| record.observed.contains(it)) {
        return Err(format!("{blocked} wait for it; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql(&format!("SELECT pg_terminate_backend({pid})"))?;
    stage.until("it is gone", |it| failing(it, &at).is_none())?;
    Ok(seen)
}

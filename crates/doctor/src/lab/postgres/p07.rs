//! A change of a table that waits for one reader while others queue behind it; mended by ending the change.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let readers = stage.draw(1, 4);
    let server = Server::start(&[])?;
    server.sql("CREATE TABLE orders AS SELECT 1 AS id")?;
    let mut first = Client::open(&server, "postgres", "groundsill_lab_first")?;
    first.say("BEGIN")?;
    first.say("SELECT * FROM orders")?;
    let held = "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND granted";
    wait_for(&server, held, "1")?;
    let mut change = Client::open(&server, "postgres", "groundsill_lab_change")?;
    change.say("ALTER TABLE orders ADD COLUMN n int")?;
    let waiting =
        "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted";
    wait_for(&server, waiting, "1")?;
    let mut clients = Vec::new();
    for _ in 0..readers {
        let mut client = Client::open(&server, "postgres", "groundsill_lab")?;
        client.say("SELECT * FROM orders")?;
        clients.push(client);
    }
    wait_for(&server, waiting, &(readers + 1).to_string())?;
    let pid = server
        .sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'groundsill_lab_change'")?;
    let at = format!("pid {pid}");
    let stage = stage.asking(server.seen());
    let found = stage.until("it waits for long enough", |it| failing(it, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let behind = server.sql(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE {pid} = ANY (pg_blocking_pids(pid))"
    ))?;
    let told =
        [format!("{behind} session waits behind it"), format!("{behind} sessions wait behind it")];
    if !told.iter().any(|it| record.observed.ends_with(it)) {
        return Err(format!("{behind} wait behind it; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql(&format!("SELECT pg_cancel_backend({pid})"))?;
    stage.until("it is ended", |it| failing(it, &at).is_none())?;
    wait_for(&server, waiting, "0")?;
    Ok(seen)
}

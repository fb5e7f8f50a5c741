//! Commits that wait for a standby which does not exist; mended by starting one of that name.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[])?;
    server.sql("CREATE TABLE orders (id int)")?;
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'groundsill_lab'")?;
    server.sql("SELECT pg_reload_conf()")?;
    wait_for(&server, "SHOW synchronous_standby_names", "groundsill_lab")?;
    let mut clients = Vec::new();
    for _ in 0..stage.draw(1, 4) {
        let mut client = Client::open(&server, "postgres", "groundsill_lab_writer")?;
        client.say("INSERT INTO orders VALUES (1)")?;
        clients.push(client);
    }
    let count = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    wait_for(&server, count, &clients.len().to_string())?;
    let stage = stage.asking(server.seen());
    let found = stage.until("commits hang", |it| failing(it, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let waiting = server.sql(count)?;
    let told = [format!("{waiting} session waits"), format!("{waiting} sessions wait")];
    if !told.iter().any(|it| record.observed.contains(it)) {
        return Err(format!("{waiting} wait; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    let _standby = server.standby(&["cluster_name=groundsill_lab"])?;
    stage.until("commits go on", |it| failing(it, &server.target()).is_none())?;
    wait_for(&server, count, "0")?;
    Ok(seen)
}

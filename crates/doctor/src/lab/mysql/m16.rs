//! A session that reads in a transaction and goes to sleep, one that alters the table, and others that read it; mended by the end of
//! the transaction.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// How many wait.
const WAITING: &str = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock'";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m16", &[])?;
    server.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)")?;
    let mut holder = Client::open(&server, "root")?;
    holder.run("BEGIN; SELECT COUNT(*) INTO @n FROM shop.t")?;
    let mut change = Client::open(&server, "root")?;
    change.send("ALTER TABLE shop.t ADD COLUMN n INT")?;
    // Who came before it would not wait behind it.
    server.awaits(WAITING, "1")?;
    let mut readers = Vec::new();
    for _ in 0..stage.draw(1, 4) {
        let mut reader = Client::open(&server, "root")?;
        reader.send("SELECT COUNT(*) FROM shop.t")?;
        readers.push(reader);
    }
    let stage = stage.asking(server.seen());
    let target = server.target();
    let wanted = format!("{} sessions wait", readers.len() + 1);
    let found = stage.until("they wait", |records| {
        failing(records, &target).is_some_and(|it| it.observed.starts_with(&wanted))
    })?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let counted = server.sql(WAITING)?;
    if !record.observed.starts_with(&format!("{counted} sessions wait")) {
        return Err(format!("{counted} wait; the check says {}", record.observed).into());
    }
    let named = [format!("KILL {} lets", change.id), format!("KILL {};", holder.id)];
    if named.iter().any(|it| !record.fix.contains(it)) {
        return Err(format!("{named:?}; the check says {}", record.fix).into());
    }
    let seen = record.observed.clone();
    holder.run("COMMIT")?;
    stage.until("they go on", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

//! Two sessions that take the same two rows in different orders, again and again; mended by taking them in one order.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m09", &[])?;
    server.sql(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, n INT); INSERT INTO shop.t VALUES (1, 0), (2, 0)",
    )?;
    let (mut one, mut other) = (Client::open(&server, "root")?, Client::open(&server, "root")?);
    let times = stage.draw(3, 6);
    let mut take = |first: u64, second: u64| -> Result<(), Stop> {
        let update = |id| format!("UPDATE shop.t SET n = n + 1 WHERE id = {id}");
        one.run(&format!("BEGIN; {}", update(1)))?;
        other.send(&format!("BEGIN; {}; {}; SELECT 'done'", update(first), update(second)))?;
        if first == 2 {
            server_waits(&server)?;
        }
        // One of both is ended by the server, which its client goes on from.
        one.run(&format!("{}; COMMIT", update(2)))?;
        other.answer()?;
        other.run("COMMIT")
    };
    let count = || -> Result<u64, Stop> {
        let told = server.sql("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")?;
        Ok(told.rsplit('\t').next().and_then(|it| it.parse().ok()).unwrap_or(0))
    };
    let stage = stage.asking(server.seen());
    let target = server.target();
    let before = count()?;
    let found = stage.between(|| (0..times).try_for_each(|_| take(2, 1)))?;
    let counted = count()? - before;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("{counted} deadlocks; the check says {found:?}"))?;
    if counted != times || !record.observed.starts_with(&format!("{counted} deadlocks in ")) {
        return Err(
            format!("{counted} deadlocks of {times}; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    let mended = stage.between(|| (0..times).try_for_each(|_| take(1, 2)))?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("they take one order; the check says {record:?}").into()),
    }
}

/// Waits until one waits for a row.
fn server_waits(server: &Server) -> Result<(), Stop> {
    let waits = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_ROW_LOCK_CURRENT_WAITS'";
    server.awaits(waits, "1")
}

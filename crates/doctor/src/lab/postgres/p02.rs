//! A database that cannot be frozen, as a slot holds it back; mended by dropping the slot and freezing.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::record::{Record, Status};

const SETTINGS: &[&str] = &["wal_level=logical", "autovacuum_naptime=1s"];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(SETTINGS)?;
    server.sql("SELECT pg_create_logical_replication_slot('groundsill_lab', 'test_decoding')")?;
    server.move_on(stage.draw(1_100_000_000, 800_000_000), SETTINGS)?;
    let stage = stage.asking(server.seen());
    let at = "database postgres";
    let found = stage.until("the database is old", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let age = server
        .sql("SELECT age(datfrozenxid) / 10000000 FROM pg_database WHERE datname = 'postgres'")?;
    let hundredths: u64 = age.parse().unwrap_or(0);
    let told = format!("is {}.{:02} G transactions old", hundredths / 100, hundredths % 100);
    if !record.observed.contains(&told) {
        return Err(format!("it {told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_drop_replication_slot('groundsill_lab')")?;
    let port = server.port.to_string();
    let all = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "--all", "--freeze", "--quiet"];
    server.run("vacuumdb", &all)?;
    // What cannot be connected to, the server freezes by itself.
    let is_well = |it: &[Record]| it.iter().all(|record| record.status == Status::Pass);
    stage.until("all databases are frozen", is_well)?;
    Ok(seen)
}

//! A slot that nobody reads from holds back the catalogue of a server with many transactions; mended by dropping it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

const SETTINGS: &[&str] = &["wal_level=logical"];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(SETTINGS)?;
    server.sql("SELECT pg_create_logical_replication_slot('groundsill_lab', 'test_decoding')")?;
    server.move_on(stage.draw(3_000_000, 180_000_000), SETTINGS)?;
    let stage = stage.asking(server.seen());
    let at = "slot groundsill_lab";
    let found = stage.until("the slot is old", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let age = server.sql("SELECT age(catalog_xmin) / 100000 FROM pg_replication_slots")?;
    let tenths: u64 = age.parse().unwrap_or(0);
    let told = format!("in the last {}.{} M transactions", tenths / 10, tenths % 10);
    if !record.observed.ends_with(&told) {
        return Err(format!("they died {told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_drop_replication_slot('groundsill_lab')")?;
    stage.until("the slot is gone", |it| failing(it, at).is_none())?;
    Ok(seen)
}

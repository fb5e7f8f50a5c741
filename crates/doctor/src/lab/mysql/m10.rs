//! A table without a key on a server that writes rows to its log; mended by giving it one.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(12_000, 20_000);
    let options = ["--log-bin=log", "--server-id=1", "--binlog-format=ROW"];
    let server = Server::start("m10", &options)?;
    server.sql(&format!(
        "CREATE DATABASE shop; USE shop; CREATE TABLE shop.t (n INT, KEY (n)); INSERT INTO shop.t SELECT seq FROM seq_1_to_{rows}; \
         ANALYZE TABLE shop.t"
    ))?;
    let stage = stage.asking(server.seen());
    let target = format!("{} shop.t", server.target());
    let found = stage.until("it has no key", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let counted: u64 = server.sql("SELECT COUNT(*) FROM shop.t")?.parse().unwrap_or(0);
    let said = record.observed.split(' ').find_map(|it| it.parse::<u64>().ok()).unwrap_or(0);
    // The server estimates, from some pages.
    if counted != rows || said.abs_diff(counted) > counted / 5 {
        return Err(format!("{counted} rows; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql(
        "ALTER TABLE shop.t ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY",
    )?;
    stage.until("it has a key", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

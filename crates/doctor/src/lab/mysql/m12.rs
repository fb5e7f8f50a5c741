//! A column that has counted nearly to the end of its type; mended by a larger type.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// Types, and what they hold.
const TYPES: [(&str, u64); 4] = [
    ("TINYINT UNSIGNED", 255),
    ("SMALLINT", 32_767),
    ("MEDIUMINT UNSIGNED", 16_777_215),
    ("INT", 2_147_483_647),
];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let index = usize::try_from(stage.draw(0, TYPES.len() as u64)).unwrap_or(0);
    let (name, maximum) = TYPES.get(index).copied().unwrap_or(("INT", 2_147_483_647));
    let next = maximum / 100 * stage.draw(75, 20) + maximum / 50;
    let server = Server::start("m12", &[])?;
    server.sql(&format!(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id {name} AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = {next}; \
         INSERT INTO shop.t VALUES ()"
    ))?;
    let stage = stage.asking(server.seen());
    let target = format!("{} shop.t.id", server.target());
    let found = stage.until("it nears its end", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let used: u64 = server.sql("SELECT MAX(id) FROM shop.t")?.parse().unwrap_or(0);
    let wanted = format!("the next number is {}, ", used + 1);
    let left = format!(": {} are left", maximum - used);
    if !record.observed.starts_with(&wanted) || !record.observed.ends_with(&left) {
        return Err(format!("{wanted}{left}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("ALTER TABLE shop.t MODIFY id BIGINT UNSIGNED AUTO_INCREMENT")?;
    stage.until("it has room", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

//! A transaction that stays open while others change a row more than a million times; mended by its end.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// So many sessions change, so that it takes a few seconds.
const WRITERS: u64 = 3;

/// Each changes a row of its own so often, at least; some of the changes are purged before the transaction begins to count.
const CHANGES_MIN: u64 = 370_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let options = ["--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M"];
    let server = Server::start("m08", &options)?;
    server.sql(
        "CREATE DATABASE shop; USE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, n INT); \
         INSERT INTO shop.t SELECT seq, 0 FROM seq_1_to_9",
    )?;
    let mut reader = Client::open(&server, "root")?;
    reader
        .run("START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT COUNT(*) INTO @n FROM shop.t")?;
    let changes = stage.draw(CHANGES_MIN, 10_000);
    let mut writers = Vec::new();
    for id in 1..=WRITERS {
        let mut writer = Client::open(&server, "root")?;
        writer.send(&format!(
            "DELIMITER //\nBEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; WHILE i < {changes} DO \
             UPDATE shop.t SET n = n + 1 WHERE id = {id}; SET i = i + 1; END WHILE; END//\nDELIMITER ;\nSELECT 'done'"
        ))?;
        writers.push(writer);
    }
    for writer in &mut writers {
        writer.answer()?;
    }
    let stage = stage.asking(server.seen());
    let found = stage
        .until("its history is long", |records| failing(records, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let told = server.sql("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'")?;
    let length: u64 = told.rsplit('\t').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    // The server itself changes a row now and then.
    let said = record.observed.split(' ').next().and_then(|it| it.parse::<u64>().ok());
    if said.is_none_or(|said| said.abs_diff(length) > 100) {
        return Err(
            format!("the history is {length} long; the check says {}", record.observed).into()
        );
    }
    if !record.fix.contains(&format!("KILL {}", reader.id)) {
        return Err(format!("it is session {}; the check says {}", reader.id, record.fix).into());
    }
    let seen = record.observed.clone();
    reader.run("COMMIT")?;
    stage.until("it is purged", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}

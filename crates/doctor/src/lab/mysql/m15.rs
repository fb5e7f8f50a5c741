//! A statement with a function around the column that its index is of; mended by the statement without it.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m15", &["--performance-schema=ON"])?;
    let rows = stage.draw(12_000, 20_000);
    server.sql(&format!(
        "CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_{rows}; \
         UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE '%digest%'; \
         UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME LIKE 'statement/%'"
    ))?;
    let mut client = Client::open(&server, "root")?;
    client.run("USE shop")?;
    let slow = "SELECT id FROM t WHERE ABS(id) = 7";
    let good = "SELECT id FROM t WHERE id = 7";
    // The server knows both from here on.
    client.ask(slow)?;
    client.ask(good)?;
    let stage = stage.asking(server.seen());
    let target = server.target();
    let times = stage.draw(1, 5);
    let mut ask = |statement: &str| (0..times).try_for_each(|_| client.ask(statement).map(drop));
    let found = stage.between(|| ask(slow))?;
    let failed = |records: &[crate::record::Record]| {
        let mut all = records.iter();
        all.find(|it| {
            failing(std::slice::from_ref(it), "").is_some() && it.target.starts_with(&target)
        })
        .cloned()
    };
    let record =
        failed(&found).ok_or_else(|| format!("it reads all rows; the check says {found:?}"))?;
    let counted = server.sql("SELECT COUNT(*) FROM shop.t")?;
    let read = times * counted.parse::<u64>().unwrap_or(0);
    if !record.observed.starts_with(&format!("run {times} times in "))
        || !record.observed.contains(&format!("it read {read} rows for {times}; ABS() around"))
    {
        return Err(format!("it read {read} rows; the check says {}", record.observed).into());
    }
    let mended = stage.between(|| ask(good))?;
    match failed(&mended) {
        None => Ok(record.observed),
        Some(record) => Err(format!("it uses its key; the check says {record:?}").into()),
    }
}

//! A server that keeps few tables open, and a client that uses many; mended by a larger cache.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// The server keeps as few open as it lets itself be told.
const OPEN: u64 = 10;

/// The client uses all of them so often, so that there are many in a second.
const ROUNDS: u64 = 20;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let cache = [&*format!("--table-open-cache={OPEN}"), "--table-open-cache-instances=1"];
    let server = Server::start("m13", &cache)?;
    let tables = stage.draw(40, 40);
    let make = (0..tables).map(|it| format!("CREATE TABLE shop.t{it} (n INT PRIMARY KEY);"));
    server.sql(&format!("CREATE DATABASE shop; {}", make.collect::<String>()))?;
    let reads = (0..tables).map(|it| format!("SELECT COUNT(*) INTO @n FROM shop.t{it};"));
    let reads = reads.collect::<Vec<_>>().join(" ");
    let mut client = Client::open(&server, "root")?;
    let mut client = move || (0..ROUNDS).try_for_each(|_| client.run(reads.trim_end_matches(';')));
    let count = || -> Result<u64, Stop> {
        let told = server.sql("SHOW GLOBAL STATUS LIKE 'Table_open_cache_overflows'")?;
        Ok(told.rsplit('\t').next().and_then(|it| it.parse().ok()).unwrap_or(0))
    };
    let stage = stage.asking(server.seen());
    let target = server.target();
    // From here on the cache is full, so that what is counted is of the client alone.
    client()?;
    let mut counted = 0;
    let found = stage.between(|| {
        let before = count()?;
        client()?;
        counted = count()? - before;
        Ok(())
    })?;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("{counted} overflows; the check says {found:?}"))?;
    let said = record.observed.split(' ').next().and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
    // The count itself uses some tables of the server.
    if said.abs_diff(counted) > counted / 20 {
        return Err(format!("{counted} overflows; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SET GLOBAL table_open_cache = 2000")?;
    client()?;
    let mended = stage.between(client)?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("the cache is large; the check says {record:?}").into()),
    }
}

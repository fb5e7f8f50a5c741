//! A server that lets in a few, and as many clients: all of them, and then one fewer; mended by their leaving.

use super::client::Client;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(11, 10);
    let server = Server::start("m07", &[&format!("--max-connections={limit}")])?;
    server
        .sql("CREATE USER app@'%'; CREATE USER looker@'%'; GRANT PROCESS ON *.* TO looker@'%'")?;
    let clients = (0..limit).map(|_| Client::open(&server, "app"));
    let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
    let stage = stage.asking(server.seen_by("looker"));
    let target = server.target();
    stage.until("it refuses", |records| {
        failing(records, &target).is_some_and(|it| it.observed.starts_with("it refuses"))
    })?;
    clients.pop();
    // A session is gone some moments after its client.
    let found = stage.until("it is nearly full", |records| {
        failing(records, &target).is_some_and(|it| {
            it.observed.starts_with(char::is_numeric) && !it.observed.contains("refused")
        })
    })?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let counted =
        server.sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'")?;
    if record.observed != format!("{counted} of {limit} connections are used") {
        return Err(
            format!("{counted} of {limit} are used; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    drop(clients);
    stage.until("it is empty", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

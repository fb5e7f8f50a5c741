//! A server whose few connections are taken, until it refuses an ordinary role; mended by ending them.

use std::time::Duration;

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// Of which three are for superusers.
const CONNECTIONS: u64 = 23;

/// So many are sent at most, so far apart, until all connections are taken.
const ATTEMPTS: u64 = 100;
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&[&format!("max_connections={CONNECTIONS}")])?;
    server.sql("CREATE ROLE app LOGIN; CREATE ROLE doctor LOGIN IN ROLE pg_monitor")?;
    let taken = stage.draw(15, 4);
    let open = || Client::open(&server, "app", "groundsill_lab");
    let mut clients: Vec<_> = (0..taken).map(|_| open()).collect::<Result<_, _>>()?;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'";
    wait_for(&server, count, &taken.to_string())?;
    let (stage, refused) = (stage.asking(server.seen()), stage.asking(server.seen_by("doctor")));
    let found = stage.until("few are left", |it| failing(it, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    // The one of the doctor is one as well.
    let counted: u64 = server.sql(count)?.parse().unwrap_or(0) + 1;
    let told = format!("{counted} of {} connections are taken", CONNECTIONS - 3);
    if !record.observed.starts_with(&told) {
        return Err(format!("{told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    // One that comes while the lab itself is connected is refused, and ends: then another is sent.
    let wanted = (CONNECTIONS - 3).to_string();
    for _ in 0..ATTEMPTS {
        if server.sql(count)? == wanted {
            break;
        }
        clients.push(open()?);
        std::thread::sleep(PAUSE);
    }
    wait_for(&server, count, &wanted)?;
    let is_refused = |it: &crate::record::Record| it.observed.starts_with("a login is refused");
    refused
        .until("a login is refused", |it| failing(it, &server.target()).is_some_and(is_refused))?;
    clients.clear();
    wait_for(&server, count, "0")?;
    stage.until("they are free", |it| failing(it, &server.target()).is_none())?;
    Ok(seen)
}

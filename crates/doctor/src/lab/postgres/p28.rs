//! A session that has prepared `SELECT *` of a table, to which another adds a column: each call fails; mended by preparing anew, an hour
//! later.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Moment;

/// The looks that find it no more.
const LATER_MS: u64 = 61 * 60 * 1_000;

/// Runs what was prepared, and notes how it ended.
const CALL: &str = "EXECUTE lab;\nINSERT INTO told VALUES (:'SQLSTATE')";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let calls = stage.draw(2, 8);
    let server = Server::start(&["log_line_prefix=%m [%p] ", "track_commit_timestamp=on"])?;
    server.sql("CREATE TABLE orders (id int); CREATE TABLE told (code text)")?;
    let mut client = Client::open(&server, "postgres", "groundsill_lab")?;
    client.say(&format!("PREPARE lab AS SELECT * FROM orders;\n{CALL}"))?;
    wait_for(&server, "SELECT count(*) FROM told WHERE code = '00000'", "1")?;
    server.sql("ALTER TABLE orders ADD note text")?;
    for _ in 0..calls {
        client.say(CALL)?;
    }
    wait_for(&server, "SELECT count(*) FROM told WHERE code <> '00000'", &calls.to_string())?;
    let look = stage.asking(server.seen());
    let target = server.target();
    let found = look.until("errors are found", |it| failing(it, &target).is_some())?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    let counted = server.sql("SELECT count(*) FROM told WHERE code = '0A000'")?;
    if !seen.starts_with(&format!("{counted} statements failed ")) {
        return Err(format!("{counted} failed; the check says {seen}").into());
    }
    client.say(&format!("DEALLOCATE lab;\nPREPARE lab AS SELECT * FROM orders;\n{CALL}"))?;
    wait_for(&server, "SELECT count(*) FROM told WHERE code = '00000'", "2")?;
    let later = || {
        let Moment { at_ms, up_ms } = (stage.now)();
        Moment { at_ms: at_ms + LATER_MS, up_ms: up_ms + LATER_MS }
    };
    let an_hour_later = stage.asking(server.seen());
    let mended = crate::lab::Stage { now: &later, ..an_hour_later }.between(|| Ok(()))?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("that was an hour ago; the check says {record:?}").into()),
    }
}

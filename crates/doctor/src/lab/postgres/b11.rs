//! A logical slot that nobody reads from, and changes; mended by reading them.

use std::time::Duration;

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let changes = stage.draw(50, 400);
    let server = Server::start(&["wal_level=logical", "autovacuum=off"])?;
    let slot = "groundsill_lab";
    server.sql(&format!("SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')"))?;
    wait_until_alone(&server)?;
    let stage = stage.asking(server.seen());
    let at = format!("slot {slot}");
    let place = || server.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint");
    let write = || {
        let emit = format!(
            "SELECT count(pg_logical_emit_message(true, 'lab', repeat('x', 1000))) FROM generate_series(1, {changes})"
        );
        server.sql(&emit).map(drop)
    };
    // By the server's own words, outside of the looks and inside of them.
    let (from, mut inner) = (place()?, [String::new(), String::new()]);
    let found = stage.between(|| {
        inner[0] = place()?;
        write()?;
        inner[1] = place()?;
        Ok(())
    })?;
    let to = place()?;
    let seen =
        failing(&found, &at).ok_or("nobody reads, and the check is silent")?.observed.clone();
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let least = number(&inner[1])? - number(&inner[0])?;
    let most = number(&to)? - number(&from)?;
    let told = seen.split(" bytes of WAL").next().and_then(|it| it.rsplit(' ').next());
    let told = number(told.unwrap_or_default())?;
    if !(least..=most).contains(&told) {
        return Err(format!("{least} to {most} bytes were written; the check says {seen}").into());
    }
    let read = "SELECT count(*) FROM pg_logical_slot_get_changes('groundsill_lab', NULL, NULL)";
    let mended = stage.between(|| {
        write()?;
        // What was running when it was made has to be over: its place moves with the second reading.
        for _ in 0..2 {
            server.sql("CHECKPOINT")?;
            server.sql(read)?;
        }
        Ok(())
    })?;
    if failing(&mended, &at).is_some() {
        return Err(format!("it was read from; the check says {mended:?}").into());
    }
    Ok(seen)
}

/// From 17 on the server tells for how long nobody reads, and a consumer that is started again is away for up to a minute.
fn wait_until_alone(server: &Server) -> Result<(), Stop> {
    let is_away = "SELECT inactive_since < now() - interval '61 s' FROM pg_replication_slots";
    if server.version()? < 170_000 {
        return Ok(());
    }
    for _ in 0..100 {
        if server.sql(is_away)? == "t" {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Err("the slot is not inactive for a minute after 100 s".into())
}

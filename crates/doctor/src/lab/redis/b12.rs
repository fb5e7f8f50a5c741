//! A primary and its replica, and a client that writes to the replica; mended as it writes to the primary.

use super::server::{Server, says};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let writes = stage.draw(3, 30);
    let primary = Server::start("b12-primary", &["repl-diskless-sync-delay 0"])?;
    let follow = format!("replicaof 127.0.0.1 {}", primary.port);
    let replica = Server::start("b12-replica", &[&follow])?;
    replica.until("it follows", |it| Ok(it.field("master_link_status")? == "up"))?;
    let stage = stage.asking(replica.seen());
    let refused = || -> Result<u64, Stop> {
        let all = replica.cli(&["INFO", "errorstats"])?;
        let line =
            all.lines().find_map(|it| it.trim_end().strip_prefix("errorstat_READONLY:count="));
        Ok(line.map_or(Ok(0), str::parse).map_err(|error| format!("redis-cli: {error}"))?)
    };
    let at = replica.target();
    // Those of before the window must not be told.
    let write = |server: &Server| server.cli(&["-r", &writes.to_string(), "SET", "lab", "1"]);
    write(&replica)?;
    let before = refused()?;
    let found = stage.between(|| write(&replica).map(drop))?;
    let told = format!("{} writes were refused", refused()? - before);
    let seen = failing(&found, &at).ok_or("writes are refused, and the check is silent")?;
    let seen = seen.observed.clone();
    says(&seen, &[told])?;
    let mended = stage.between(|| write(&primary).map(drop))?;
    if failing(&mended, &at).is_some() {
        return Err(format!("it writes to the primary; the check says {mended:?}").into());
    }
    Ok(seen)
}

//! A server whose calls for the time are answered by libfaketime; mended by starting it without.

use std::path::PathBuf;

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let off = stage.draw(2, 60);
    let sign = if off.is_multiple_of(2) { "+" } else { "-" };
    let mut server = Server::start("b09", &[])?;
    let stage = stage.asking(server.seen());
    let target = format!("this machine and mysql :{}", server.port);
    let right = |server: &Server| server.sql("SELECT UNIX_TIMESTAMP(SYSDATE(6))");
    stage.until("its clock is right", |it| failing(it, &target).is_none() && !it.is_empty())?;
    server.end();
    server.start_with(&[
        ("LD_PRELOAD", library()?.to_string_lossy().as_ref()),
        ("FAKETIME", &format!("{sign}{off}s")),
    ])?;
    let found = stage.until("its clock is off", |it| failing(it, &target).is_some())?;
    // As its own client sees it against the clock of the lab.
    let said = right(&server)?;
    let seconds: f64 =
        said.trim().parse().map_err(|_not_a_number| format!("the client says {said}"))?;
    let at = std::time::Duration::from_millis((stage.now)().at_ms).as_secs_f64();
    let record = failing(&found, &target).ok_or("it was found")?;
    let told = record.evidence.first().map(|it| it.value.clone()).unwrap_or_default();
    let us: f64 = told.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0.0);
    // A client takes a moment to be started.
    if (us / 1e6 - (seconds - at)).abs() > 0.5 {
        let ahead = seconds - at;
        return Err(
            format!("it is {ahead} s ahead, {sign}{off} drawn; the check says {told}").into()
        );
    }
    let seen = record.observed.clone();
    server.restart(&[])?;
    stage
        .until("its clock is right again", |it| failing(it, &target).is_none() && !it.is_empty())?;
    Ok(seen)
}

/// Where the package has it.
fn library() -> Result<PathBuf, Stop> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut files = folders.map(|it| it.path().join("faketime/libfaketime.so.1"));
    let missing = || Stop::Missing("libfaketime: the package faketime".to_owned());
    files.find(|it| it.exists()).ok_or_else(missing)
}

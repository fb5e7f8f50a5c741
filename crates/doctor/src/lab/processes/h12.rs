//! A shell that may have few descriptors and opens most of them.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(40, 60);
    // Beside the three that it has, and what the shell keeps for itself.
    let last = limit * 92 / 100;
    let script = format!(
        "ulimit -Sn {limit}; for ((i = 10; i < {last}; i++)); do eval \"exec $i</dev/null\"; done; read line"
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).stdin(Stdio::piped());
    let mut shell = shell.spawn().map_err(|error| format!("run bash: {error}"))?;
    let target = format!(" pid {}", shell.id());
    let outcome = full(stage, &target, shell.id(), limit);
    // It reads a line, and ends.
    let told = shell.stdin.take().map(|mut stdin| stdin.write_all(b"\n"));
    let _gone = shell.kill();
    let ended = shell.wait();
    let seen = outcome?;
    told.transpose().map_err(|error| format!("end bash: {error}"))?;
    ended.map_err(|error| format!("wait for bash: {error}"))?;
    stage.until("nothing is wrong once it has ended", |records| {
        failing(records, &target).is_none()
    })?;
    Ok(seen)
}

/// Waits until it is found, and holds what is said against the descriptors themselves.
fn full(stage: &Stage<'_>, target: &str, pid: u32, limit: u64) -> Result<String, Stop> {
    let found = stage.until("most descriptors are taken", |records| {
        let open = || std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        failing(records, target)
            .is_some_and(|it| it.observed.contains(&format!("holds {} of", open())))
    })?;
    let record = failing(&found, target).ok_or("it is gone again")?;
    let wanted = format!(" of {limit} descriptors");
    if record.observed.contains(&wanted) {
        return Ok(record.observed.clone());
    }
    Err(format!("it may have {limit}; the check says {}", record.observed).into())
}

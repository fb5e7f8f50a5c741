//! A server with many keys on which KEYS is run; mended by clearing the slow log.

use super::server::{Server, float, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let keys = stage.draw(50_000, 50_000);
    let server = Server::start("r10", &["save \"\"", "slowlog-log-slower-than 1000"])?;
    server.fill("user:", keys, 8, 0)?;
    let stage = stage.asking(server.seen());
    server.cli(&["KEYS", "user:*0000"])?;
    let seen = observed(&stage, "KEYS is in the slow log", &server)?;
    let log = server.cli(&["SLOWLOG", "GET", "128"])?;
    // Number, time, microseconds, and then the words of the command.
    let lines: Vec<&str> = log.lines().collect();
    let at = lines.iter().position(|line| line.eq_ignore_ascii_case("keys"));
    let micros = at.and_then(|at| lines.get(at.checked_sub(1)?)?.parse::<u64>().ok());
    let micros = micros.ok_or_else(|| format!("redis-cli shows no KEYS: {log}"))?;
    says(&seen, &[format!("keys took {:.1} ms", float(micros) / 1e3)])?;
    server.cli(&["SLOWLOG", "RESET"])?;
    mended(&stage, "the slow log is empty", &server)?;
    Ok(seen)
}

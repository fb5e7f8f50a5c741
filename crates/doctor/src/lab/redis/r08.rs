//! A server that is filled with small values, most of which are deleted; mended by deleting all.

use super::server::{Server, mended, observed};
use crate::lab::{Stage, Stop, failed};

const KEYS: u64 = 250_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let kept = stage.draw(10, 6);
    let server = Server::start("r08", &["save \"\""])?;
    server.fill("value:", KEYS, 200, 0)?;
    let script = "for i = 1, ARGV[1] do if i % ARGV[2] ~= 0 then redis.call('DEL', 'value:' .. i) end end return 1";
    server.cli(&["EVAL", script, "0", &KEYS.to_string(), &kept.to_string()])?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "most of its memory is lost", &server)?;
    close(&seen, &server)?;
    server.cli(&["FLUSHALL"])?;
    server.cli(&["MEMORY", "PURGE"])?;
    mended(&stage, "it holds nothing", &server)?;
    Ok(seen)
}

/// What is said is what the kernel and redis-cli say, give or take what came meanwhile.
fn close(seen: &str, server: &Server) -> Result<(), Stop> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()?));
    let status = status.map_err(failed("read the status of the server"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
    let kib: f64 = line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0.0);
    let used: f64 = server.field("used_memory")?.parse().unwrap_or(0.0);
    let mut numbers = seen.split(' ').filter_map(|it| it.parse::<f64>().ok());
    let (Some(resident), Some(data)) = (numbers.next(), numbers.next()) else {
        return Err(format!("no numbers in \"{seen}\"").into());
    };
    let is_near = |said: f64, shown: f64| (said - shown).abs() <= 4.0;
    if is_near(resident, kib / 1024.0) && is_near(data, used / f64::from(1 << 20)) {
        return Ok(());
    }
    Err(format!("VmRSS {kib} KiB, used_memory {used}; the check says {seen}").into())
}

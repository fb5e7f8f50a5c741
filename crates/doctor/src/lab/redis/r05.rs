//! A server in a control group with little memory, most of which it fills; mended by setting maxmemory.

use super::group::Group;
use super::server::{Server, float, mended, observed, says};
use crate::lab::{Stage, Stop, failed};

const BYTES: u64 = 16 << 10;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let bytes = stage.draw(96, 32) << 20;
    // Ends after the server that runs in it.
    let group = Group::new("r05", bytes)?;
    let server = Server::start("r05", &["save \"\""])?;
    let pid = server.pid()?;
    group.take(&pid)?;
    server.fill("page:", bytes / 100 * 60 / BYTES, BYTES, 3_600_000)?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "most of its group is full", &server)?;
    let limit = float(group.limit()?) / f64::from(1 << 20);
    says(&seen, &[format!("of the {limit:.1} MiB that its control group has")])?;
    close(&seen, &pid)?;
    server.set("maxmemory", &(bytes / 10 * 7).to_string())?;
    mended(&stage, "it has a limit", &server)?;
    Ok(seen)
}

/// What is said to be resident is what the kernel says of the process, give or take what came meanwhile.
fn close(seen: &str, pid: &str) -> Result<(), Stop> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    let status = status.map_err(failed("read the status of the server"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
    let kib: f64 = line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0.0);
    let said = seen.split("it holds ").nth(1).and_then(|it| it.split(' ').next()?.parse().ok());
    let said: f64 = said.ok_or_else(|| format!("no number in \"{seen}\""))?;
    if (said - kib / 1024.0).abs() < 4.0 {
        return Ok(());
    }
    Err(format!("VmRSS is {kib} KiB; the check says {seen}").into())
}

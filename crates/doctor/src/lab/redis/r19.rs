//! A server that is started with few descriptors, not as root; mended by starting it with enough.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop, failed};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(200, 800);
    let few = format!("--nofile={limit}:{limit}");
    let mut server = Server::start_by("r19", &["maxclients 4000"], &["prlimit", &few])?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "maxclients was lowered", &server)?;
    let shown = server.cli(&["CONFIG", "GET", "maxclients"])?;
    let shown = shown.lines().last().unwrap_or("").to_owned();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid()?));
    let limits = limits.map_err(failed("read its limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or("");
    let open = line.split_whitespace().next().unwrap_or("");
    says(
        &seen,
        &[format!("maxclients is {shown} and should be 4000"), format!("{open} descriptors")],
    )?;
    server.stop();
    server.start_again(&["prlimit", "--nofile=8192:8192"])?;
    mended(&stage, "it has enough", &server)?;
    Ok(seen)
}

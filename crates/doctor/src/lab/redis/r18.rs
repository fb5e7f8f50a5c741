//! A server whose maxmemory is set to something else than its file says; mended by writing the file.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop, failed};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let more = stage.draw(65, 60);
    let server = Server::start("r18", &["maxmemory 64mb", "save 3600 1"])?;
    let stage = stage.asking(server.seen());
    server.set("maxmemory", &format!("{more}mb"))?;
    let seen = observed(&stage, "it differs", &server)?;
    let shown = server.cli(&["CONFIG", "GET", "maxmemory"])?;
    let shown = shown.lines().last().unwrap_or("").to_owned();
    let path = server.path("redis.conf");
    let text = std::fs::read_to_string(&path).map_err(failed("read its settings"))?;
    let said = text.lines().find_map(|line| line.strip_prefix("maxmemory ")).unwrap_or("");
    says(&seen, &[format!("maxmemory is \"{shown}\", the file says \"{said}\"")])?;
    server.cli(&["CONFIG", "REWRITE"])?;
    mended(&stage, "the file has it", &server)?;
    Ok(seen)
}

//! A server with an append-only file that it never flushes; mended by flushing it each second.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("r04", &["appendonly yes", "appendfsync everysec"])?;
    server.set("appendfsync", "no")?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "it is never flushed", &server)?;
    let shown = server.cli(&["CONFIG", "GET", "appendfsync"])?.replace('\n', " ");
    says(&seen, &[shown])?;
    let flushed = ["everysec", "always"][usize::from(stage.draw(0, 2) == 1)];
    server.set("appendfsync", flushed)?;
    mended(&stage, "it is flushed", &server)?;
    Ok(seen)
}

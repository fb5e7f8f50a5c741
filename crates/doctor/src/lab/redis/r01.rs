//! A server that writes nothing to disk and has keys that never expire; mended by an append-only file.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let keys = stage.draw(100, 400);
    let server = Server::start("r01", &["save \"\"", "appendonly no"])?;
    server.fill("order:", keys, 16, 0)?;
    server.fill("page:", keys / 2, 16, 3_600_000)?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "nothing is written", &server)?;
    let all = server.cli(&["DBSIZE"])?;
    says(&seen, &[format!("{keys} of {all} keys never expire")])?;
    server.set("appendonly", "yes")?;
    mended(&stage, "it is written", &server)?;
    Ok(seen)
}

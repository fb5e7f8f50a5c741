//! A server with volatile-lru and keys that never expire; mended by giving them a time to live.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let keys = stage.draw(100, 400);
    let settings = ["save \"\"", "maxmemory 64mb", "maxmemory-policy volatile-lru"];
    let server = Server::start("r09", &settings)?;
    server.fill("page:", keys, 16, 0)?;
    server.fill("short:", keys / 2, 16, 3_600_000)?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "most keys never expire", &server)?;
    let all = server.cli(&["DBSIZE"])?;
    says(&seen, &[format!("{keys} of {all} keys never expire"), "volatile-lru".to_owned()])?;
    let script = "for i = 1, ARGV[1] do redis.call('EXPIRE', 'page:' .. i, 3600) end return 1";
    server.cli(&["EVAL", script, "0", &keys.to_string()])?;
    mended(&stage, "all keys expire", &server)?;
    Ok(seen)
}

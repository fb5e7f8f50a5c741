//! A server that may evict nothing, filled to more than nine tenths; mended by deleting keys.

use super::server::{Server, float, mended, observed, says};
use crate::lab::{Stage, Stop};

const BYTES: u64 = 8 << 10;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(16, 16) << 20;
    let settings = ["save \"\"", &format!("maxmemory {limit}"), "maxmemory-policy noeviction"];
    let server = Server::start("r06", &settings)?;
    let room = limit * 95 / 100 - number(&server, "used_memory")?;
    // What a key takes beside its value.
    server.fill("order:", room / (BYTES + 2_300), BYTES, 0)?;
    while number(&server, "used_memory")? * 100 / limit < 93 {
        let more = number(&server, "used_memory")?;
        server.fill(&format!("order:{more}:"), 5, BYTES, 0)?;
    }
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "it is nearly full", &server)?;
    let counted = number(&server, "used_memory")? - number(&server, "mem_not_counted_for_evict")?;
    // The doctor's own connection takes some.
    let shares = [counted * 100 / limit, (counted * 100).div_ceil(limit)];
    if !shares.iter().any(|share| seen.starts_with(&format!("{share} % of maxmemory"))) {
        return Err(format!("{counted} of {limit} bytes; the check says {seen}").into());
    }
    says(
        &seen,
        &[format!("of {:.1} MiB", float(limit) / f64::from(1 << 20)), "noeviction".to_owned()],
    )?;
    server.cli(&["FLUSHALL"])?;
    mended(&stage, "there is room", &server)?;
    Ok(seen)
}

fn number(server: &Server, name: &str) -> Result<u64, Stop> {
    let field = server.field(name)?;
    field.parse().map_err(|_error| format!("{name} is {field}, which is no number").into())
}

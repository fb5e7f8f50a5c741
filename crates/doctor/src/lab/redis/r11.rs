//! A subscriber that reads nothing while much is published; mended by ending it.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

use super::server::{Server, float, mended, observed};
use crate::lab::{Stage, Stop, failed};

const MIB: u64 = 1 << 20;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let wanted = stage.draw(9, 8) * MIB;
    let server = Server::start("r11", &["save \"\""])?;
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port));
    let mut deaf = socket.map_err(failed("connect to the server"))?;
    deaf.write_all(b"SUBSCRIBE news\r\n").map_err(failed("subscribe"))?;
    server.until("it has subscribed", |it| Ok(it.cli(&["PUBLISH", "news", "x"])? == "1"))?;
    // Valkey keeps strings of 16 KiB and more once for all that they go to, and counts them to nobody.
    let script =
        "for i = 1, 128 do redis.call('PUBLISH', 'news', string.rep('x', 8192)) end return 1";
    // What the kernel takes of it is not told: until enough is left.
    server.until("enough has piled up", |it| {
        it.cli(&["EVAL", script, "0"])?;
        Ok(piled(it)? >= wanted)
    })?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "replies pile up", &server)?;
    let shown = float(piled(&server)?) / float(MIB);
    if !seen.contains(&format!("a subscriber has not fetched {shown:.1} MiB")) {
        return Err(format!("omem is {shown:.1} MiB; the check says {seen}").into());
    }
    drop(deaf);
    mended(&stage, "it is gone", &server)?;
    Ok(seen)
}

/// The most bytes that wait for a subscriber, as redis-cli shows it.
fn piled(server: &Server) -> Result<u64, Stop> {
    let list = server.cli(&["CLIENT", "LIST", "TYPE", "pubsub"])?;
    let omem = list.split_whitespace().filter_map(|field| field.strip_prefix("omem="));
    Ok(omem.filter_map(|it| it.parse().ok()).max().unwrap_or(0))
}

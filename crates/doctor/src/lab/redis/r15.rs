//! A server in a network of its own that listens on a second address without a password; mended by protected mode.

use super::server::{Server, mended, observed};
use crate::lab::netns::Netns;
use crate::lab::{Stage, Stop, run as program};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("r15")?;
    // Of those that documents are written with: nobody has it.
    let address = format!("192.0.2.{}", stage.draw(1, 250));
    program("ip", &["-n", space.name(), "addr", "add", &format!("{address}/32"), "dev", "lo"])?;
    space.inside(|| {
        let bind = format!("bind 127.0.0.1 {address}");
        let server = Server::start("r15", &["save \"\"", &bind, "protected-mode no"])?;
        let stage = stage.asking(server.seen());
        let seen = observed(&stage, "it is open", &server)?;
        let port = server.port.to_string();
        let said = program("redis-cli", &["-h", &address, "-p", &port, "PING"])?;
        if said.trim() != "PONG" {
            return Err(format!("at {address} it answers \"{said}\"; the check says {seen}").into());
        }
        server.set("protected-mode", "yes")?;
        mended(&stage, "it is guarded", &server)?;
        Ok(seen)
    })
}

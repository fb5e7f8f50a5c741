//! Scripts that differ by a number in their text; mended by `SCRIPT FLUSH`.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::server::{Server, mended, says};
use crate::lab::{Stage, Stop, failed, failing};
use crate::record::Severity;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let scripts = stage.draw(1_001, 500);
    let server = Server::start("r21", &["save \"\""])?;
    let stage = stage.asking(server.seen());
    let found = stage.between(|| load(&server, scripts))?;
    let record = failing(&found, &server.target()).ok_or("scripts are not told")?;
    let seen = record.observed.clone();
    if record.severity != Severity::Warning {
        return Err(format!("they grow; the check says {record:?}").into());
    }
    let counted = server.field("number_of_cached_scripts")?;
    if counted != scripts.to_string() {
        return Err(format!("{scripts} were sent, the server keeps {counted}").into());
    }
    says(&seen, &[format!("{counted} scripts are kept, {counted} more between the looks")])?;
    server.cli(&["SCRIPT", "FLUSH"])?;
    mended(&stage, "they are gone", &server)?;
    Ok(seen)
}

/// Sends so many scripts, each with another text. They are loaded, as newer servers forget those of `EVAL`.
fn load(server: &Server, scripts: u64) -> Result<(), Stop> {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port));
    let mut socket = socket.map_err(failed("connect to the server of the lab"))?;
    let commands: Vec<_> =
        (0..scripts).map(|at| format!("SCRIPT LOAD \"return {at}\"\r\n")).collect();
    let sent = socket.write_all(commands.concat().as_bytes());
    sent.map_err(failed("speak to the server of the lab"))?;
    // Each is answered with the length of its hash, and that.
    let answers = BufReader::new(socket).lines().take(commands.len() * 2);
    for answer in answers {
        let answer = answer.map_err(failed("hear the server of the lab"))?;
        if answer.starts_with('-') {
            return Err(format!("load a script: {answer}").into());
        }
    }
    Ok(())
}

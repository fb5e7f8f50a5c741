//! A server with few clients, all of them there, and more who try; mended by ending some.

use super::server::{Server, mended, says};
use crate::lab::{Stage, Stop, failing};

const CLIENTS: usize = 6;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let tries = stage.draw(2, 6);
    let server = Server::start("r07", &[&format!("maxclients {CLIENTS}")])?;
    let mut waiting = Vec::new();
    // The doctor is one, and so is whoever asks how many there are.
    for count in 1..CLIENTS - 1 {
        waiting.push(server.waiting(&["BLPOP", "jobs", "0"])?);
        server.until("a client waits", |it| {
            Ok(it.field("connected_clients")? == (count + 1).to_string())
        })?;
    }
    let stage = stage.asking(server.seen());
    let mut refused = 0_u64;
    let records = stage.between(|| {
        waiting.push(server.waiting(&["BLPOP", "jobs", "0"])?);
        server.until("nobody is let in", |it| Ok(it.cli(&["PING"])?.contains(FULL)))?;
        for _ in 0..tries {
            refused += u64::from(server.cli(&["PING"])?.contains(FULL));
        }
        Ok(())
    })?;
    let seen = failing(&records, &server.target()).ok_or("nobody was sent away")?.observed.clone();
    let told: u64 = seen.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    // Those before were sent away as well.
    if refused < tries || told < refused {
        return Err(format!("{refused} of {tries} were sent away; the check says {seen}").into());
    }
    says(&seen, &[format!("{CLIENTS} of {CLIENTS} are there")])?;
    waiting.clear();
    mended(&stage, "there is room for more", &server)?;
    Ok(seen)
}

const FULL: &str = "max number of clients";

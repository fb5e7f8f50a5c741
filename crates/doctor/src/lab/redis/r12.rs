//! A primary and its replica, and the primary ends; mended by starting it again.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let wait = stage.draw(1, 3);
    let mut primary = Server::start("r12-primary", &["repl-diskless-sync-delay 0"])?;
    let follow = format!("replicaof 127.0.0.1 {}", primary.port);
    let replica = Server::start("r12-replica", &[&follow])?;
    let is =
        |status: &'static str| move |it: &Server| Ok(it.field("master_link_status")? == status);
    replica.until("it follows", is("up"))?;
    primary.stop();
    let down = |it: &Server| -> Result<u64, Stop> {
        Ok(it.field("master_link_down_since_seconds")?.parse().unwrap_or(0))
    };
    replica.until("it has been alone for a while", |it| {
        Ok(it.field("master_link_status")? == "down" && down(it)? >= wait)
    })?;
    let stage = stage.asking(replica.seen());
    let before = down(&replica)?;
    let seen = observed(&stage, "the link is down", &replica)?;
    let shown = [before, down(&replica)?];
    let words = |seconds: u64| format!("has been down for {seconds} s");
    if !shown.iter().any(|it| says(&seen, &[words(*it)]).is_ok()) {
        return Err(format!("it has been down for {shown:?} s; the check says {seen}").into());
    }
    primary.start_again(&[])?;
    mended(&stage, "the primary is back", &replica)?;
    Ok(seen)
}

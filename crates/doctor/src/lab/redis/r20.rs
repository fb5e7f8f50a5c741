//! A replica whose primary has ended, and which is read; mended by having it answer nobody.

use super::server::{Server, mended, says};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let reads = stage.draw(3, 20);
    let mut primary = Server::start("r20-primary", &["repl-diskless-sync-delay 0"])?;
    primary.cli(&["SET", "order", "1"])?;
    let follow = format!("replicaof 127.0.0.1 {}", primary.port);
    let replica = Server::start("r20-replica", &[&follow])?;
    replica.until("it follows", |it| Ok(it.field("master_link_status")? == "up"))?;
    primary.stop();
    replica.until("it is alone", |it| Ok(it.field("master_link_status")? == "down"))?;
    let stage = stage.asking(replica.seen());
    let mut answered = 0;
    let records = stage.between(|| {
        for _ in 0..reads {
            answered += u64::from(replica.cli(&["GET", "order"])? == "1");
        }
        Ok(())
    })?;
    let seen = failing(&records, &replica.target()).ok_or("old data are fine")?.observed.clone();
    says(&seen, &[format!("{answered} reads were answered")])?;
    if answered != reads {
        return Err(format!("{answered} of {reads} reads were answered").into());
    }
    replica.set("replica-serve-stale-data", "no")?;
    mended(&stage, "it answers nobody", &replica)?;
    Ok(seen)
}

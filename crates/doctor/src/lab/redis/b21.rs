//! A primary with a replica of priority 0, that then asks for more replicas than it has; mended by setting both back.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let more = stage.draw(1, 5);
    let primary = Server::start("b21-primary", &["repl-diskless-sync-delay 0"])?;
    let follow = format!("replicaof 127.0.0.1 {}", primary.port);
    let replica = Server::start("b21-replica", &[&follow, "replica-priority 0"])?;
    replica.until("it follows", |it| Ok(it.field("master_link_status")? == "up"))?;
    primary.until("it feeds one", |it| Ok(it.field("connected_slaves")? == "1"))?;
    let servers = [primary.seen(), replica.seen()].into_iter().flat_map(|it| it.servers).collect();
    let stage = stage.asking(Ask { servers, ..Ask::default() });
    let zero = observed(&stage, "none may take over", &primary)?;
    let shown = replica.field("slave_priority")?;
    says(&zero, &[format!("each of its 1 replicas has replica-priority {shown}")])?;
    replica.set("replica-priority", "100")?;
    mended(&stage, "one may take over", &primary)?;
    let there = || primary.field("min_slaves_good_slaves");
    let wanted = 1 + more;
    primary.set("min-replicas-to-write", &wanted.to_string())?;
    let few = observed(&stage, "writes are refused", &primary)?;
    says(
        &few,
        &[format!("{} replicas are near enough, and min-replicas-to-write is {wanted}", there()?)],
    )?;
    let said = primary.cli(&["SET", "lab", "1"])?;
    says(&said, &["NOREPLICAS".to_owned()])?;
    primary.set("min-replicas-to-write", "0")?;
    mended(&stage, "writes are taken", &primary)?;
    Ok(format!("{zero}; {few}"))
}

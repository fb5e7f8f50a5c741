//! A node of a cluster that has only a part of the slots; mended by giving it the rest.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let first = stage.draw(1_000, 15_000);
    let server = Server::start("r17", &["save \"\"", "cluster-enabled yes"])?;
    let give = |from: u64, to: u64| -> Result<(), Stop> {
        match server
            .cli(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()])?
            .as_str()
        {
            "OK" => Ok(()),
            said => Err(format!("CLUSTER ADDSLOTSRANGE: {said}").into()),
        }
    };
    give(0, first - 1)?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "slots have no node", &server)?;
    let info = server.cli(&["CLUSTER", "INFO"])?;
    let assigned =
        info.lines().find_map(|line| line.trim_end().strip_prefix("cluster_slots_assigned:"));
    let assigned: u64 = assigned.and_then(|it| it.parse().ok()).unwrap_or(0);
    says(&seen, &[format!("cluster_state is fail: {} slots have no node", 16_384 - assigned)])?;
    let refused = server.cli(&["SET", "order", "1"])?;
    if !refused.starts_with("CLUSTERDOWN") {
        return Err(format!("a write is answered with \"{refused}\", not with CLUSTERDOWN").into());
    }
    give(first, 16_383)?;
    mended(&stage, "all slots have a node", &server)?;
    Ok(seen)
}

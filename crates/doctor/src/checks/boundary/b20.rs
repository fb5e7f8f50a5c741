//! B20: connections are idle for longer than what lies between remembers them.
//!
//! Source: the documentation of AWS, "Network Load Balancers" (TCP idle time-out of 350 s) and "NAT gateways" (350 s), of Azure, "NAT gateway" and "Load
//! Balancer" (4 minutes), of Google, "Cloud NAT" (20 minutes); `tcp(7)` of Linux: `tcp_keepalive_time` is 7200 s, and holds for sockets with
//! `SO_KEEPALIVE` only.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::facts::{said, time, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Idle, Window};

/// What remembers connections, and for how long without a segment.
const FACT: &str = "nat-idle-timeout";

/// Where nobody said it: that of AWS.
const USUAL: Duration = Duration::from_secs(350);

/// The probe tells of so many connections, at most.
const TOLD: usize = 50;

pub(super) static CHECK: Check = Check {
    id: "B20",
    title: "connections are idle for longer than a NAT or a balancer remembers them",
    severity: Severity::Warning,
    needs: "fact: nat-idle-timeout; without it, it is for information",
    expected: "over a connection with a machine on another network something goes more often than what lies between forgets it",
    guardrail: "keep-alive of connections below the idle time-out of everything between, 60 s for most: tcp_keepalives_idle, tcp-keepalive, wait_timeout of the servers, socket options of the clients; or a most age of pooled connections",
    probes: &[
        "sock_diag: established connections with machines on other networks (/proc/net/route, ipv6_route), their times without a segment, and their keep-alive timers",
        "--fact nat-idle-timeout=TIME, such as 350s or 4m",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The first request after a quiet night hangs for minutes and ends with \"connection reset\" or \"timed out\"; the next works. A consumer or a LISTEN gets nothing for hours and nobody notices.",
        culprit: "A NAT or a balancer between the two remembers a connection for some minutes without a segment (350 s at AWS, 4 min at Azure), then forgets it and mostly says nothing. Both ends hold it for open. The kernel asks whether the other side is still there only where the program set SO_KEEPALIVE, and then after two hours.",
        proof: "Of each established connection with another machine the kernel tells for how long nothing went over it, keep-alive included, and when it will ask. Warns where that is longer than --fact nat-idle-timeout says that something between remembers it; without the fact it is for information from 350 s on. Machines on a network that this one is on itself are left out: nothing but switches lies between. Whether something does for others, and for which, cannot be seen from here: so it is of low confidence. Connections of other network namespaces (containers) are not seen: --netns PID.",
        fix: "Keep-alive below that time, on one of the two sides: PostgreSQL ALTER SYSTEM SET tcp_keepalives_idle = 60; Redis CONFIG SET tcp-keepalive 60; clients keepalives_idle=60 in the connection string, TCP_KEEPIDLE in code; a most age of connections in pools. net.ipv4.tcp_keepalive_time=60 helps only programs that set SO_KEEPALIVE.",
        cost: "A segment a minute over each idle connection. A phone or a metered link that slept is woken. Undone by the old setting.",
        lab: "Two network namespaces, a third between them that routes, and a connection over which nothing goes for longer than is drawn; mended by a keep-alive of one second.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let connections = window.after.host.network.seen()?.connections.seen()?;
    let Some(idle) = &connections.idle else {
        return Err(Blind::Absent("times of idle connections: this was not looked for".to_owned()));
    };
    let given = time(window, FACT)?;
    let most = given.unwrap_or(USUAL);
    let is_long = |it: &&Idle| Duration::from_millis(it.idle_ms) > most;
    let long: Vec<&Idle> = idle.iter().filter(is_long).collect();
    let is_all = long.len() < TOLD;
    // For information all in one.
    let mut by_peer: BTreeMap<Option<IpAddr>, Vec<&Idle>> = BTreeMap::new();
    for connection in long {
        let peer = given.map(|_| connection.peer.ip());
        by_peer.entry(peer).or_default().push(connection);
    }
    let found = by_peer.iter().filter_map(|(peer, all)| fault(*peer, all, most, is_all));
    let faults = found.collect();
    let longest = idle.iter().map(|it| it.idle_ms).max().unwrap_or(0);
    let observed = match longest {
        0 => "nothing was idle for a second".to_owned(),
        ms => format!("nothing was idle for longer than {}", told(Duration::from_millis(ms))),
    };
    let cut = "all connections: there are more than are looked at";
    let unseen = connections.is_cut.then(|| Blind::Absent(cut.to_owned()));
    Ok(Verdict { observed, faults, unseen })
}

/// Those with one machine, where it is known after which time something between forgets them; else all.
fn fault(of: Option<IpAddr>, all: &[&Idle], most: Duration, is_all: bool) -> Option<Fault> {
    let worst = all.iter().max_by_key(|it| it.idle_ms)?;
    let Idle { local, peer, idle_ms, probe_ms } = worst;
    let (address, count, is_given) = (peer.ip(), all.len(), of.is_some());
    let with = of.map_or_else(|| "other networks".to_owned(), |address| address.to_string());
    let least = if is_all { "" } else { "at least " };
    let never = all.iter().filter(|it| it.probe_ms.is_none()).count();
    let next = probe_ms.map_or_else(
        || "the kernel will not ask".to_owned(),
        |ms| format!("the kernel asks in {}", told(Duration::from_millis(ms))),
    );
    let idle = told(Duration::from_millis(*idle_ms));
    let (connections, are) = if count == 1 { ("connection", "is") } else { ("connections", "are") };
    let by = if is_given {
        "what lies between"
    } else {
        "a NAT or a balancer of AWS, if one lies between,"
    };
    let probe = format!("sock_diag {local} {peer}");
    let mut evidence = vec![Evidence { probe, value: format!("idle for {idle_ms} ms, {next}") }];
    evidence.extend(is_given.then(|| said(FACT, told(most))));
    Some(Fault {
        severity: if is_given { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: of.map(|address| format!("with {address}")),
        observed: format!(
            "{least}{count} {connections} with {with} {are} idle for up to {idle} ({local} to {peer}), {never} of them without keep-alive"
        ),
        impact: format!(
            "{by} forgets a connection after {}: the next request on it hangs until its time-out, and what the other side sends never comes",
            told(most)
        ),
        fix: format!(
            "keep-alive below {} on one side: tcp_keepalives_idle of PostgreSQL, tcp-keepalive of Redis, TCP_KEEPIDLE of the client (undo: the old value); ss -tnoi dst {address} shows the timers",
            told(most)
        ),
        actions: Vec::new(),
        risk: "a segment for each idle connection and period".to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;

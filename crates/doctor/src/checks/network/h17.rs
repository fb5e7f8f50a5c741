//! H17: connections to one destination take all ports that the kernel gives.
//!
//! Source: ip(7), `ip_local_port_range`; Linux `net/ipv4/inet_hashtables.c`, `__inet_hash_connect`: two connections may have the same port of
//! this side if their other ends differ, so the bound is for each source, destination and its port. `tcp_twsk_unique` of `tcp_ipv4.c`: with
//! `tcp_tw_reuse` 1, and on the loopback with 2, one in `TIME_WAIT` gives its port to a new one after a second. The shares are those of H12.

use std::net::IpAddr;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Outgoing, Ports, Window};

/// Percent of the ports from which on they are told of.
const WARNING: u64 = 70;
const CRITICAL: u64 = 90;

const REUSE: &str = "net.ipv4.tcp_tw_reuse";

pub(super) static CHECK: Check = Check {
    id: "H17",
    title: "connections to one destination take all ports there are",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "connections from one address to one port of another take less than 70 % of ip_local_port_range",
    guardrail: "a pool of connections in the client; net.ipv4.ip_local_port_range=1024 65535 with ip_local_reserved_ports for those of servers",
    probes: &[
        "sock_diag: TCP sockets in all states but LISTEN, SYN_RECV and CLOSE, of IPv4 and of IPv6, at most 200,000",
        "/proc/sys/net/ipv4/ip_local_port_range, ip_local_reserved_ports, tcp_tw_reuse",
    ],
    proof: Proof::Lab,
    catalogue: &["sidecar-ephemeral-port-exhaustion", "time-wait-port-exhaustion"],
    page: Page {
        symptom: "Connections to one server fail with \"cannot assign requested address\", while those to others, and to the same from other machines, work.",
        culprit: "Each connection takes a port of this side, out of ip_local_port_range. The same port can be used to different destinations, but not twice to the same address and port. Whoever opens a connection for each request leaves each in TIME_WAIT for a minute: 28,000 ports are enough for 470 a second, and not for more. A proxy beside the program, or address translation, brings the requests of many to one source address.",
        proof: "Counts TCP connections by source, destination and port of the destination, against the ports of the range that are not reserved; warns from 70 %, critical from 90 %. Those in TIME_WAIT do not count where tcp_tw_reuse lets a new one have their port: with 1 everywhere, with 2, which is what kernels since 4.19 have, on the loopback. A program that binds an address without IP_BIND_ADDRESS_NO_PORT needs a port for itself alone, and may fail earlier.",
        fix: "Keep connections open and use them again: a pool, keep-alive. Until then net.ipv4.tcp_tw_reuse=1 lets new ones have ports of those in TIME_WAIT, or widen ip_local_port_range. If most are established, they are too many for one source: give the client or the server a second address.",
        cost: "tcp_tw_reuse=1 is for connections that this machine opens, and needs timestamps on both sides; behind some address translators a new connection may be taken for the old one. In a wider range connections may take a port that a server wants when it starts: reserve these. Both are undone by setting them back.",
        lab: "A network namespace with a range of drawn width, and as many short connections to one port; mended by letting new ones have ports of those in TIME_WAIT.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let (connections, ports) = (network.connections.seen()?, network.ports.seen()?);
    let reuse = network.setting(REUSE)?;
    let taken = |it: &Outgoing| {
        let is_local = |address: IpAddr| address.is_loopback();
        let is_reused =
            reuse == 1 || reuse == 2 && (is_local(it.source) || is_local(it.destination.ip()));
        it.count - if is_reused { it.time_wait.min(it.count) } else { 0 }
    };
    let share =
        |it: &Outgoing| taken(it).saturating_mul(100).checked_div(ports.available()).unwrap_or(100);
    let scarce = connections.outgoing.iter().filter(|it| share(it) >= WARNING);
    let faults = scarce.map(|it| fault(it, ports, taken(it), share(it), reuse)).collect();
    let most = connections.outgoing.iter().map(taken).max().unwrap_or(0);
    let unseen = connections.is_cut.then(|| {
        let seen = connections.seen;
        Blind::Absent(format!("look at all connections: only {seen} of them were looked at"))
    });
    let available = ports.available();
    let observed = if most == 0 {
        format!("no destination takes a tenth of the {available} ports")
    } else {
        format!("{most} of {available} ports are taken to one destination, and no more to any")
    };
    Ok(Verdict { observed, faults, unseen })
}

fn fault(it: &Outgoing, ports: &Ports, taken: u64, share: u64, reuse: u64) -> Fault {
    let Outgoing { source, destination, count, time_wait } = it;
    let Ports { first, last, reserved } = ports;
    let available = ports.available();
    let left = available.saturating_sub(taken);
    let is_idle = time_wait.saturating_mul(2) > *count;
    let (fix, risk) = if is_idle && reuse != 1 {
        (
            format!("sysctl -w {REUSE}=1 (undo: {reuse}), and keep connections open in the client"),
            "behind some address translators a new connection may be taken for the old one",
        )
    } else {
        (
            format!(
                "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\" (undo: \"{first} {last}\"), with the ports of servers in net.ipv4.ip_local_reserved_ports; fewer connections or a second address for more"
            ),
            "a connection may take a port that a server wants when it starts: reserve these",
        )
    };
    Fault {
        severity: if share >= CRITICAL { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(format!("{source} to {destination}")),
        observed: format!(
            "{taken} of {available} ports are taken, {share} %; {time_wait} connections only wait in TIME_WAIT"
        ),
        impact: format!(
            "after {left} more, connections from {source} to {destination} fail (EADDRNOTAVAIL)"
        ),
        fix,
        actions: Vec::new(),
        risk: risk.to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("sock_diag {source} to {destination}"),
                value: format!("{count} connections, {time_wait} in TIME_WAIT"),
            },
            Evidence {
                probe: "net.ipv4.ip_local_port_range".to_owned(),
                value: format!("{first} {last}, of which {reserved} are reserved; {REUSE} {reuse}"),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! H19: too much has to be sent again.
//!
//! Source: RFC 4022, `tcpRetransSegs` and `tcpOutSegs`, which does not hold those that were sent again. A path that is well loses far less
//! than one in a thousand; at one in a hundred the throughput of a connection is bounded by loss (Mathis et al. 1997), not by the link.

use std::net::IpAddr;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Peer, Snapshot, Window};

/// Percent from which on it is told of.
const WARNING: u64 = 1;

/// Below so many segments a share says nothing, and neither it does of a window of less than so many seconds.
const SEGMENTS_MIN: u64 = 1_000;
const SECONDS_MIN: f64 = 2.0;

const SENT: &str = "OutSegs";
const AGAIN: &str = "RetransSegs";

pub(super) static CHECK: Check = Check {
    id: "H19",
    title: "too much has to be sent again: segments are lost on the way",
    severity: Severity::Warning,
    needs: "nothing; looks that are at least 2 s apart",
    expected: "less than 1 % of the segments of TCP are sent again",
    guardrail: "alert on rate(node_netstat_Tcp_RetransSegs[5m]) / rate(node_netstat_Tcp_OutSegs[5m]) > 0.01",
    probes: &[
        "/proc/net/snmp: Tcp",
        "sock_diag: TCP sockets in all states but LISTEN, SYN_RECV and CLOSE with tcp_info, of IPv4 and of IPv6, at most 200,000",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Some requests take 200 ms longer than all others, or transfers are slow, while no link is full and no server is busy.",
        culprit: "Segments get lost on the way: a cable or a port that damages packets, a link or a queue that is full, two ends of a link that differ in speed or duplex, a firewall that lets some go by another way, a virtual machine that is held back. Each is sent again after at least one round trip, the last of a transfer only after 200 ms or more.",
        proof: "The growth of TcpRetransSegs between the two looks against that of TcpOutSegs, where at least 1,000 segments were sent in at least 2 s; warns from 1 % on. The totals since boot are not looked at, as they hide an hour of loss in a month without. The other sides to which most was sent again in the window are named by tcp_info of connections that are open.",
        fix: "See to whom: if it is one, the fault is near that one or on the way; if it is all, it is here. ethtool -S IFACE shows damaged packets, tc -s qdisc those that were dropped here, mtr -T to the other side where on the way.",
        cost: "Looking costs nothing. There is no setting that mends loss.",
        lab: "A network namespace whose firewall drops a drawn share of the segments of a transfer; mended by dropping none.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let growth = |name: &str| {
        window.host_growth(&format!("Tcp{name}"), |host| {
            Ok(host.network.seen()?.tcp.seen()?.get(name).copied())
        })
    };
    let (sent, again) = (growth(SENT)?, growth(AGAIN)?);
    let seconds = window.seconds();
    if sent < SEGMENTS_MIN {
        return Err(Blind::OutOfPlace(format!(
            "only {sent} segments were sent in {seconds:.1} s: a share takes {SEGMENTS_MIN}"
        )));
    }
    if seconds < SECONDS_MIN {
        return Err(Blind::Absent(format!(
            "window of {SECONDS_MIN} s: this one is of {seconds:.1} s"
        )));
    }
    let observed = format!("{again} of {sent} segments were sent again in {seconds:.1} s");
    let faults = if again.saturating_mul(100) < sent.saturating_mul(WARNING) {
        Vec::new()
    } else {
        vec![fault(window, sent, again, &observed)]
    };
    Ok(Verdict { observed, faults, unseen: None })
}

fn fault(window: &Window<'_>, sent: u64, again: u64, observed: &str) -> Fault {
    let seconds = window.seconds();
    // In hundredths of a percent, so that 1 % and 1.9 % are told apart.
    let share = again.saturating_mul(10_000) / sent.max(1);
    let peers = worst(window);
    let to = peers
        .first()
        .map_or_else(String::new, |(address, again)| format!(", {again} of them to {address}"));
    let of_peers = peers.iter().map(|(address, again)| Evidence {
        probe: format!("tcp_info tcpi_total_retrans of connections with {address}"),
        value: format!("{again} more in {seconds:.1} s"),
    });
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("{observed}, {}.{:02} %{to}", share / 100, share % 100),
        impact: "requests that lose a segment take a round trip or 200 ms longer, transfers are slow".to_owned(),
        fix: "see whether it is one other side or all; ethtool -S IFACE for packets that are damaged here, tc -s qdisc for those dropped here, mtr -T for those lost on the way".to_owned(),
        actions: Vec::new(),
        risk: "none: looking changes nothing".to_owned(),
        reversible: true,
        evidence: [Evidence {
            probe: "/proc/net/snmp Tcp".to_owned(),
            value: format!("{AGAIN} {again} more, {SENT} {sent} more in {seconds:.1} s"),
        }]
        .into_iter()
        .chain(of_peers)
        .collect(),
        confidence: Confidence::High,
    }
}

/// The other sides to which most was sent again in the window, as far as connections are still open.
fn worst(window: &Window<'_>) -> Vec<(IpAddr, u64)> {
    /// So many are told of.
    const TOLD: usize = 3;
    let (Some(before), Some(after)) = (peers(window.before), peers(window.after)) else {
        return Vec::new();
    };
    let grown = |peer: &Peer| {
        let known = before.iter().find(|it| it.address == peer.address).map_or(0, |it| it.again);
        (peer.address, peer.again.saturating_sub(known))
    };
    let mut found: Vec<_> = after.iter().map(grown).filter(|(_, again)| *again > 0).collect();
    found.sort_by_key(|(_, again)| std::cmp::Reverse(*again));
    found.truncate(TOLD);
    found
}

fn peers(snapshot: &Snapshot) -> Option<&[Peer]> {
    let network = snapshot.host.network.seen().ok()?;
    network.connections.seen().ok().map(|connections| connections.peers.as_slice())
}

#[cfg(test)]
mod tests;

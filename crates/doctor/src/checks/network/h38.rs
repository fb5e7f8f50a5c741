//! H38: large packets are lost on the way and nobody says so: small ones pass, large ones hang.
//!
//! Source: RFC 2923, section 2.1; RFC 4821; tcp(7), `tcp_mtu_probing`. Of `tcp_info`: `tcpi_snd_mss`, `tcpi_pmtu`, and `tcpi_sacked`, how many
//! segments came although one before them did not.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Connections, Stalled, Window};

/// A connection is stuck after so many retransmissions, which takes more than a second.
const RETRANSMITS_MIN: u64 = 3;

/// Below this everything passes every path: the least that IPv6 asks of a link.
const SMALL_MTU: u64 = 1_280;

const PROBING: &str = "net.ipv4.tcp_mtu_probing";

pub(super) static CHECK: Check = Check {
    id: "H38",
    title: "large packets are lost on the way, and small ones pass",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "no connection is stuck with a full segment while its other side is heard of",
    guardrail: "net.ipv4.tcp_mtu_probing=1; let ICMP \"fragmentation needed\" and \"packet too big\" pass firewalls; MTU of tunnels below that of the link by their header",
    probes: &[
        "sock_diag: TCP sockets in all states but LISTEN, SYN_RECV and CLOSE with tcp_info, of IPv4 and of IPv6, at most 200,000",
        "/proc/sys/net/ipv4/tcp_mtu_probing",
    ],
    proof: Proof::Lab,
    catalogue: &["pmtud-icmp-blackhole"],
    page: Page {
        symptom: "Connections come up and small answers arrive, but large ones hang and then time out; a TLS handshake stops at the certificate, ssh after the banner. Often after a tunnel, a VPN or another overlay was put in between.",
        culprit: "A link on the way takes smaller packets than this machine sends. The router before it says so by ICMP, and a firewall drops that, so this machine sends the same large packet again and again.",
        proof: "Connections that were sent again at least three times with a full segment at their head, to another side of which no connection is stuck with less than a full segment. Critical where the same connection shows that smaller ones came (selective acknowledgements), or where another one to the same side was answered since; else the other side may simply be down, and it is a warning that is not sure. Nothing is sent to find out.",
        fix: "net.ipv4.tcp_mtu_probing=1 lets TCP find it out by itself, for connections that are opened from then on. For good, let ICMP type 3 code 4 (for IPv6, type 2) pass, or set the MTU of the route or of the tunnel: ip route change ... mtu 1400, or clamp it: nft ... tcp option maxseg size set rt mtu. What fits: tracepath ADDRESS.",
        cost: "Probing costs a stall of a second or so for a connection that meets such a path. A lower MTU costs a few percent of throughput. Both are undone by setting them back.",
        lab: "Three network namespaces, of which the one between has a link that takes 1,300 bytes and drops what it would have to say; mended by letting TCP probe.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let connections = network.connections.seen()?;
    let probing = network.setting(PROBING).ok();
    let mut by_peer: BTreeMap<IpAddr, Vec<&Stalled>> = BTreeMap::new();
    for it in &connections.stalled {
        by_peer.entry(it.peer.ip()).or_default().push(it);
    }
    let faults = by_peer.values().filter_map(|stuck| fault(stuck, connections, probing));
    let unseen = connections.is_cut.then(|| {
        let seen = connections.seen;
        Blind::Absent(format!("look at all connections: only {seen} of them were looked at"))
    });
    Ok(Verdict {
        observed: format!("{} connections, none is stuck with a full segment", connections.seen),
        faults: faults.collect(),
        unseen,
    })
}

/// Of connections to one other side.
fn fault(all: &[&Stalled], connections: &Connections, probing: Option<u64>) -> Option<Fault> {
    let stuck = || all.iter().filter(|it| it.retransmits >= RETRANSMITS_MIN);
    let is_full = |it: &Stalled| {
        !it.is_opening && it.mss > 0 && it.unacknowledged >= it.mss && it.path_mtu > SMALL_MTU
    };
    // What is small is lost, too: it is not the size.
    if stuck().any(|it| !is_full(it)) {
        return None;
    }
    let worst = stuck().max_by_key(|it| it.retransmits)?;
    let Stalled { peer, mss, path_mtu, sacked, retransmits, unacknowledged, silent_ms, .. } = worst;
    let other = connections.peers.iter().find(|it| it.address == peer.ip());
    let heard = other.and_then(|it| it.heard_ms).filter(|heard_ms| heard_ms < silent_ms);
    // Segments that were acknowledged out of order may be full ones: then it is not their size.
    let is_sure = heard.is_some();
    let (count, address) = (stuck().count(), peer.ip());
    let proof = match heard {
        _ if *sacked > 0 => "some segments of it came".to_owned(),
        Some(heard_ms) => format!("another connection was answered {heard_ms} ms ago"),
        None => "it may be down".to_owned(),
    };
    let probe = match probing {
        Some(0) => {
            format!("sysctl -w {PROBING}=1 (undo: 0), and open the connections anew; for good, ")
        }
        _ => String::new(),
    };
    Some(Fault {
        severity: if is_sure { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(address.to_string()),
        observed: format!(
            "{count} connections are stuck with segments of {mss} bytes after up to {retransmits} retransmissions, and {proof}"
        ),
        impact: format!(
            "large requests and answers to {address} hang now and time out; small ones pass"
        ),
        fix: format!(
            "{probe}let ICMP \"fragmentation needed\" pass to this machine, or set the MTU that tracepath {address} finds: ip route change ... mtu"
        ),
        actions: Vec::new(),
        risk: "a lower MTU costs a few percent of throughput".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("tcp_info of {} to {peer}", worst.local),
                value: format!(
                    "snd_mss {mss}, pmtu {path_mtu}, {unacknowledged} bytes not acknowledged, {retransmits} retransmissions, sacked {sacked}, last acknowledgement {silent_ms} ms ago"
                ),
            },
            Evidence {
                probe: format!("sysctl {PROBING}"),
                value: probing.map_or_else(|| "not seen".to_owned(), |it| it.to_string()),
            },
        ],
        confidence: if is_sure { Confidence::High } else { Confidence::Low },
    })
}

#[cfg(test)]
mod tests;

//! H37: what is sent to a neighbour goes to the wrong place, or there is no room for more neighbours.
//!
//! Source: arp(7), `gc_thresh3`; Linux `net/core/neighbour.c`, `neigh_alloc`, which counts `table_fulls`. An entry stays valid for as long as the
//! kernel has no reason to doubt it, and one that someone set stays for ever.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Connections, Neighbour, NeighbourTable, Window};

/// A connection is stuck after so many retransmissions, which takes more than a second.
const RETRANSMITS_MIN: u64 = 3;

/// Percent of the table from which on it is told of: a burst of new ones fills the rest.
const WARNING: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H37",
    title: "what is sent to a neighbour on the link goes nowhere, or no neighbour fits the table any more",
    severity: Severity::Critical,
    needs: "nothing; for the table, to be run in the network namespace of the machine, which alone has its bounds",
    expected: "neighbours that the kernel knows answer, and the table of neighbours is never full",
    guardrail: "gratuitous ARP by whoever takes an address over (keepalived: vrrp_garp_master_refresh); alert on node_arp_entries near gc_thresh3",
    probes: &[
        "sock_diag: TCP sockets in all states but LISTEN, SYN_RECV and CLOSE with tcp_info, of IPv4 and of IPv6, at most 200,000",
        "/proc/net/arp",
        "/proc/net/stat/arp_cache",
        "/proc/sys/net/ipv4/neigh/default/gc_thresh3",
    ],
    proof: Proof::Lab,
    catalogue: &["arp-cache-stale-failover"],
    page: Page {
        symptom: "After an address moved to another machine some clients reach it at once and others not for minutes. Or, on a node with many neighbours, connections to some fail now and then, and the kernel logs \"neighbor table overflow\".",
        culprit: "The kernel keeps for each neighbour the address on the link, and sends there until it has reason to doubt it. Whoever takes an address over has to announce it; if the announcement is lost, or the switch or a security group drops it, packets go on to the old machine. An entry that someone set for good is never doubted. The table holds gc_thresh3 entries over all namespaces, 1,024 unless set; beyond that packets to new neighbours are dropped.",
        proof: "Stale: all connections to a neighbour were sent again at least three times without any answer, while the kernel holds an address on the link for it. A neighbour that is down looks the same for about a minute, until its entry fails: so a warning, and never sure. Full: the counter table_fulls grew between the two looks (critical), or the table holds 90 % of gc_thresh3 (warning). IPv4 only; nothing is sent to find out.",
        fix: "Compare with what answers now: arping -c 3 -I IFACE ADDRESS. If that is another, ip neigh flush to ADDRESS dev IFACE, here and on the other clients, and have the one that takes over announce itself. If the table is full, raise gc_thresh3, and gc_thresh2 to half of it.",
        cost: "A flushed entry is asked for anew within a millisecond. A larger table takes about 400 bytes for each entry. Undone by setting it back.",
        lab: "Two network namespaces: the other side of a link gets another address while a connection is open, and keeps silent as the entry is held for good; and datagrams to more neighbours than the table holds. Mended by forgetting the entry.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let connections = network.connections.seen()?;
    let neighbours = network.neighbours.seen()?;
    // Only the namespace of the machine has it, while neighbours are silent in any.
    let table = network.neighbour_table.seen();
    let mut faults: Vec<Fault> = neighbours
        .iter()
        .filter_map(|neighbour| Some(stale(neighbour, &Silence::of(neighbour, connections)?)))
        .collect();
    let fulls = window.host_growth("arp_cache table_fulls", |host| {
        Ok(host.network.seen()?.neighbour_table.seen()?.fulls)
    });
    let most = table.as_ref().map_err(Blind::clone).and_then(|table| table.most.seen().copied());
    if let Ok(table) = &table {
        let fulls = fulls.as_ref().copied().unwrap_or(0);
        faults.extend(full(table, most.as_ref().ok().copied(), fulls, window.seconds()));
    }
    let entries = table.as_ref().map_or(0, |table| table.entries);
    let observed = format!("no neighbour is silent; the table holds {entries} of them");
    Ok(Verdict { observed, faults, unseen: table.err().or(most.err()).or(fulls.err()) })
}

/// Connections to a neighbour of which none is answered.
struct Silence {
    count: u64,
    /// Of the one that has been sent again most often.
    retransmits: u64,
    silent_ms: u64,
}

impl Silence {
    /// None where any is answered, or was sent again too few times to tell.
    fn of(neighbour: &Neighbour, connections: &Connections) -> Option<Self> {
        let to = connections.stalled.iter().filter(|it| it.peer.ip() == neighbour.address);
        let stuck: Vec<_> = to.filter(|it| it.retransmits >= RETRANSMITS_MIN).collect();
        let worst = stuck.iter().max_by_key(|it| it.retransmits)?;
        let peer = connections.peers.iter().find(|it| it.address == neighbour.address)?;
        // Another one that was answered since: the way there is well.
        let is_heard = peer.heard_ms.is_some_and(|heard_ms| heard_ms < worst.silent_ms);
        (!is_heard).then_some(Self {
            count: stuck.len() as u64,
            retransmits: worst.retransmits,
            silent_ms: worst.silent_ms,
        })
    }
}

fn stale(neighbour: &Neighbour, silence: &Silence) -> Fault {
    let Neighbour { address, link_address, interface, is_permanent } = neighbour;
    let Silence { count, retransmits, silent_ms } = silence;
    let forget = if *is_permanent {
        format!(
            "ip neigh del {address} dev {interface} (undo: ip neigh replace {address} lladdr {link_address} nud permanent dev {interface})"
        )
    } else {
        format!("ip neigh flush to {address} dev {interface}")
    };
    let kind = if *is_permanent { "set for good" } else { "learned" };
    Fault {
        severity: Severity::Warning,
        aspect: Some("stale"),
        at: Some(address.to_string()),
        observed: format!(
            "{count} connections get no answer after up to {retransmits} retransmissions, and are sent to {link_address}, {kind}"
        ),
        impact: format!(
            "nothing reaches {address} from here until the entry is doubted, if it ever is; or the neighbour is down"
        ),
        fix: format!(
            "compare with what answers: arping -c 3 -I {interface} {address}; if it is another, {forget}"
        ),
        actions: Vec::new(),
        risk: "none where the neighbour answers: it is asked for anew within a millisecond"
            .to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/net/arp {address}"),
                value: format!("{link_address} on {interface}, {kind}"),
            },
            Evidence {
                probe: format!("sock_diag connections with {address}"),
                value: format!(
                    "{count} stuck, {retransmits} retransmissions, silent for {silent_ms} ms"
                ),
            },
        ],
        confidence: Confidence::Low,
    }
}

fn full(table: &NeighbourTable, most: Option<u64>, fulls: u64, seconds: f64) -> Option<Fault> {
    let entries = table.entries;
    let is_near =
        most.is_some_and(|most| entries.saturating_mul(100) >= most.saturating_mul(WARNING));
    if fulls == 0 && !is_near {
        return None;
    }
    let bound =
        most.map_or_else(|| "a bound that is not seen here".to_owned(), |it| it.to_string());
    let raise = most.map_or_else(
        || "raise net.ipv4.neigh.default.gc_thresh3 in the namespace of the machine".to_owned(),
        |most| {
            let twice = most.saturating_mul(2);
            format!("sysctl -w net.ipv4.neigh.default.gc_thresh3={twice} net.ipv4.neigh.default.gc_thresh2={most} (undo: gc_thresh3={most}, and gc_thresh2 as sysctl shows it now)")
        },
    );
    Some(Fault {
        severity: if fulls > 0 { Severity::Critical } else { Severity::Warning },
        aspect: Some("full"),
        at: None,
        observed: format!("the table holds {entries} neighbours of {bound}; {fulls} times one did not fit in {seconds:.1} s"),
        impact: "packets to neighbours that are not in the table are dropped, in every namespace of the machine".to_owned(),
        fix: raise,
        actions: Vec::new(),
        risk: "about 400 bytes of kernel memory for each entry".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/net/stat/arp_cache".to_owned(),
            value: format!("entries {entries}, table_fulls {fulls} more in {seconds:.1} s; gc_thresh3 {bound}"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

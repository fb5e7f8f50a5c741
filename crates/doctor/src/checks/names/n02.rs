//! N02: a name server does not answer, or late: every new connection to a name waits for it.
//!
//! Source: resolv.conf(5): name servers are asked in their order, each for `timeout` seconds, `attempts` times.

use super::{ms, quickest_us, servers};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Answer, NameServer, Probed, Resolver, Window};

/// What a resolver has in its cache it tells within a millisecond and the way to it; at so much it asks somebody each time, or is
/// overloaded. In microseconds.
const SLOW_US: u64 = 200_000;

pub(super) static CHECK: Check = Check {
    id: "N02",
    title: "a name server does not answer, or answers late",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "every name server of /etc/resolv.conf answers within 200 ms, and there are two, or one on this machine",
    guardrail: "alert on the 99th percentile of coredns_dns_request_duration_seconds, and probe each resolver: probe_dns_lookup_time_seconds (blackbox_exporter)",
    probes: &[
        "/etc/resolv.conf",
        "one question by UDP to each of its first three name servers: for the address of this machine's own name, or, if it has none with a dot, for the name servers of the root",
    ],
    proof: Proof::Lab,
    catalogue: &["coredns-nodelocal-cache"],
    page: Page {
        symptom: "Everything that opens connections has pauses of 5 or 10 seconds, or a second now and then, while the network and the other side are quick.",
        culprit: "The first name server of /etc/resolv.conf is dead, so each lookup waits for its time-out before the next is asked; or it is far, overloaded, or drops questions. The C library keeps no cache and remembers no dead server.",
        proof: "Each is asked once in each of both looks, and the quicker answer counts: the first may have filled a cache. No answer within 1.5 s in both looks is a fault, critical if none of them answers; more than 200 ms in both, too. Where the machine has a cache of its own (systemd-resolved, dnsmasq, NodeLocal DNSCache), that is what is asked. A single name server elsewhere is told for information: it may be an address behind which there are several.",
        fix: "Take the dead one out of /etc/resolv.conf by way of whatever writes it (DHCP, netplan, resolvconf, the kubelet), or put a living one first. options timeout:1 attempts:2 shortens the wait. A cache on the machine hides single losses.",
        cost: "Programs read /etc/resolv.conf when they start, many never again: restart those that matter. With a short time-out slow answers are asked for twice.",
        lab: "A namespace whose first name server is deaf and whose second answers; mended by having the first answer, too.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let servers = servers(window)?;
    let resolver = window.after.host.names.seen()?.resolver.seen()?;
    let (mut dead, mut slow, mut unseen) = (Vec::new(), Vec::new(), None);
    let mut refused: Vec<(&NameServer, &str)> = Vec::new();
    let mut told = Vec::new();
    for server in servers {
        match (quickest_us(window, server), &server.answer) {
            (_, Probed::Seen(it)) if is_refusal(it) => refused.push((server, it.code.as_str())),
            (Some(us), _) if us >= SLOW_US => slow.push((server, us)),
            (Some(us), _) => told.push(format!("{} in {}", server.address, ms(us))),
            (None, Probed::Absent(why)) => dead.push((server, why)),
            (None, _) => unseen = server.answer.seen().err(),
        }
    }
    let is_none_left = told.is_empty() && slow.is_empty() && unseen.is_none();
    let mut faults: Vec<Fault> = Vec::new();
    faults.extend(dead.iter().map(|(server, why)| deaf(server, why, resolver, is_none_left)));
    faults.extend(refused.iter().map(|(server, code)| helpless(server, code, is_none_left)));
    faults.extend(slow.iter().map(|(server, us)| late(server, *us)));
    if let ([only], true, true) = (servers, faults.is_empty(), unseen.is_none())
        && !is_near(only)
    {
        faults.push(single(only));
    }
    Ok(Verdict { observed: format!("answers: {}", told.join(", ")), faults, unseen })
}

/// It lives, and cannot or will not find out: SERVFAIL and REFUSED (RFC 1035, 4.1.1), in the words of the library.
fn is_refusal(answer: &Answer) -> bool {
    matches!(answer.code.as_str(), "Server Failure" | "Query Refused")
}

fn helpless(server: &NameServer, code: &str, is_none_left: bool) -> Fault {
    let address = server.address;
    let observed = format!("name server {address} answers \"{code}\"");
    // One name was asked for, and it may be that name alone.
    Fault {
        confidence: Confidence::Low,
        impact: if is_none_left {
            "if it does so for every name, none is found that is not in /etc/hosts".to_owned()
        } else {
            "lookups go on to the next after each such answer; when that fails, too, no name is found".to_owned()
        },
        fix: format!(
            "see whom {address} asks itself and whether that lives, or whether this machine may ask it (dig @{address} . NS); else take it out of /etc/resolv.conf by way of what writes it; undo: put it back"
        ),
        ..fault(server, observed, code)
    }
}

/// Whether it is on this machine, or on its link as a cache of the node is.
fn is_near(server: &NameServer) -> bool {
    match server.address {
        std::net::IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        std::net::IpAddr::V6(ip) => ip.is_loopback(),
    }
}

fn deaf(server: &NameServer, why: &str, resolver: &Resolver, is_none_left: bool) -> Fault {
    let address = server.address;
    let is_first = resolver.servers.first() == Some(&address);
    let is_closed = why.contains("closed");
    let impact = match (is_none_left, is_closed, is_first) {
        (true, ..) => "no name is found that is not in /etc/hosts".to_owned(),
        (_, true, _) => {
            "lookups go to the others alone; when those fail, too, no name is found".to_owned()
        }
        (_, _, true) => format!(
            "every lookup of the C library waits {} s for it before the next is asked",
            resolver.timeout_s
        ),
        _ => format!(
            "when those before it fail, each lookup waits {} s for it, and no name is found",
            resolver.timeout_s
        ),
    };
    Fault {
        severity: if is_none_left { Severity::Critical } else { Severity::Warning },
        impact,
        fix: format!(
            "see whether {address} lives and is reached (dig @{address} . NS); take it out of /etc/resolv.conf by way of what writes it, or put a living one first; undo: put it back"
        ),
        ..fault(server, format!("name server {address} gives no answer: there is no {why}"), why)
    }
}

fn late(server: &NameServer, us: u64) -> Fault {
    let address = server.address;
    Fault {
        severity: Severity::Warning,
        impact: format!("each new connection to a name takes {} longer", ms(us)),
        fix: format!(
            "see why {address} is slow: its load, its cache, whom it asks; put a cache on this machine (systemd-resolved, dnsmasq, NodeLocal DNSCache)"
        ),
        ..fault(server, format!("name server {address} answers in {}, at best", ms(us)), &ms(us))
    }
}

fn single(server: &NameServer) -> Fault {
    let address = server.address;
    Fault {
        severity: Severity::Info,
        aspect: Some("single"),
        impact: "if it fails, no name is found, unless several stand behind that address"
            .to_owned(),
        fix: "name a second one in what writes /etc/resolv.conf, if it is a single machine"
            .to_owned(),
        confidence: Confidence::Low,
        ..fault(server, format!("{address} is the only name server"), "one name server")
    }
}

fn fault(server: &NameServer, observed: String, value: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(server.address.to_string()),
        observed,
        impact: String::new(),
        fix: String::new(),
        actions: Vec::new(),
        risk: "programs read /etc/resolv.conf when they start: restart those that matter"
            .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("question for {} to {}", server.asked, server.address),
            value: value.to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! N01: most questions to the name server are in vain, as every outside name is tried with each search domain first.
//!
//! Source: resolv.conf(5), `ndots` and `search`; the documentation of Kubernetes, "DNS for Services and Pods": 5 is what its Pods get.

use super::{ms, quickest_us, servers};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Resolver, Window};

/// Names of the outside have one or two dots, mostly: from here on those with two are tried in vain.
const NDOTS: u64 = 3;

/// A lookup that takes so much longer is felt, in microseconds.
const FELT_US: u64 = 100_000;

/// For IPv4 and for IPv6, which the C library asks side by side.
const FAMILIES: u64 = 2;

pub(super) static CHECK: Check = Check {
    id: "N01",
    title: "most questions to the name server are in vain: ndots and search domains",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "ndots is below 3, or there is no search domain",
    guardrail: "dnsConfig with ndots 2 in the Pod's template; alert on the share of NXDOMAIN in coredns_dns_responses_total",
    probes: &["/etc/resolv.conf", "the questions of N02"],
    proof: Proof::Lab,
    catalogue: &["k8s-dns-ndots-5"],
    page: Page {
        symptom: "Calls to outside services take tens of milliseconds longer than they should, CoreDNS is the busiest Pod of the cluster, and most of what it answers is that a name does not exist.",
        culprit: "A name with fewer dots than ndots is first tried with each search domain. Pods of Kubernetes get ndots:5 and three to five domains, so api.example.com, with two dots, is asked for as api.example.com.shop.svc.cluster.local and so on, for IPv4 and for IPv6, before it is asked for as it is.",
        proof: "ndots and the search domains of /etc/resolv.conf give the number of questions in vain for each name with two dots; how quickly the first name server answers gives the time that they take, one round after the other. For information; a warning where that time is 100 ms or more.",
        fix: "In the Pod: dnsConfig: {options: [{name: ndots, value: \"2\"}]}; elsewhere options ndots:1 in what writes /etc/resolv.conf. Or name services with a dot at the end, as api.example.com., in what they are configured with.",
        cost: "Short names with dots that relied on a search domain, as db.shop in place of db.shop.svc.cluster.local, are asked for as they are first, and then still found by search. Programs read the file when they start. Some clients and proxies take a dot at the end of a name amiss (TLS, HTTP Host).",
        lab: "A namespace with ndots 5 and several search domains, whose name server counts what a real lookup asks; mended by ndots 1.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let Resolver { ndots, search, .. } = window.after.host.names.seen()?.resolver.seen()?;
    let observed = format!("ndots {ndots} and {} search domains", search.len());
    if *ndots < NDOTS || search.is_empty() {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let rounds = search.len() as u64;
    let in_vain = rounds * FAMILIES;
    let first = servers(window)?.first();
    let added_us = first.and_then(|it| quickest_us(window, it)).map(|us| us.saturating_mul(rounds));
    let is_felt = added_us.is_some_and(|us| us >= FELT_US);
    let longer = added_us
        .map_or_else(|| "an unknown time, as the name server gave no answer,".to_owned(), ms);
    let fault = Fault {
        severity: if is_felt { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: None,
        observed: format!("{observed}: {in_vain} questions in vain for each outside name with two dots"),
        impact: format!("each lookup of such a name takes {longer} longer, and the name server does {} times the work", rounds + 1),
        fix: "dnsConfig with ndots 2 in the Pod's template; elsewhere options ndots:1 in what writes /etc/resolv.conf; or a dot at the end of outside names; undo: set it back".to_owned(),
        actions: Vec::new(),
        risk: "programs read the file when they start; names with dots that rely on a search domain are asked for as they are first".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/etc/resolv.conf".to_owned(),
            value: format!("search {}; options ndots:{ndots}", search.join(" ")),
        }],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

#[cfg(test)]
mod tests;

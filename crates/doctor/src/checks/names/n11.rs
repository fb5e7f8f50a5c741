//! N11: name servers of one list do not say the same, or have it kept for long that a name does not exist.
//!
//! Source: resolv.conf(5): an answer that a name does not exist is final, no other server is asked. RFC 2308, 5: one to three hours
//! is how long that should be kept at most.

use super::servers;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Answer, NameServer, Window};

/// In seconds.
const KEPT_S_MAX: u32 = 3 * 3_600;

pub(super) static CHECK: Check = Check {
    id: "N11",
    title: "name servers of one list do not say the same",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "every name server of /etc/resolv.conf gives the same answer",
    guardrail: "the same zones behind every name server of a list; a probe of each with a name of your own (blackbox_exporter, dns)",
    probes: &["/etc/resolv.conf", "the questions of N02"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Names of your own are found, and then for minutes are not, on some machines, and then are again.",
        culprit: "The name servers of /etc/resolv.conf are taken for alike: the next is asked only when one does not answer, and what it says then counts, also that a name does not exist. A public resolver as the second of a list, beside one that knows the zones of the company, has those names vanish each time that the first is late.",
        proof: "Each was asked for this machine's own name once. They differ if one says that it does not exist, or refuses, and another gives addresses, or if they give others. A name that is different on purpose (several addresses in turn) gives sets that differ: thus the low confidence there. That a name does not exist is kept as long as the zone's SOA says; more than three hours is told for information.",
        fix: "Name only servers that know the same zones: take the public one out and have the own one forward to it. Kept for too long: lower the last number of the zone's SOA.",
        cost: "With one server less there is none when the others fail: put a second of the same kind in. Programs read /etc/resolv.conf when they start.",
        lab: "A namespace with two name servers of which only one knows the machine's name; mended by having both know it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let servers = servers(window)?;
    let answered: Vec<(&NameServer, &Answer)> =
        servers.iter().filter_map(|it| Some((it, it.answer.seen().ok()?))).collect();
    let Some((first, told)) = answered.first() else {
        return Err(Blind::Absent("answer of any name server".to_owned()));
    };
    let differing = answered
        .iter()
        .skip(1)
        .filter(|(_, other)| (&other.code, &other.addresses) != (&told.code, &told.addresses));
    let mut faults: Vec<Fault> = differing.map(|other| differ((*first, *told), *other)).collect();
    let long = answered.iter().filter(|(_, it)| it.negative_ttl_s > Some(KEPT_S_MAX));
    faults.extend(long.map(|(server, answer)| kept(server, answer)));
    let count = answered.len();
    let observed = format!("{count} name servers say \"{}\" of {}", told.code, first.asked);
    // One that gave no answer may have given another.
    let silent = servers.iter().find(|it| it.answer.seen().is_err());
    let unseen = silent
        .filter(|_| servers.len() > 1)
        .map(|it| Blind::Absent(format!("answer of {}, see N02", it.address)));
    Ok(Verdict { observed, faults, unseen })
}

/// What an answer says, in short.
fn words(answer: &Answer) -> String {
    if answer.addresses.is_empty() {
        return format!("\"{}\"", answer.code);
    }
    answer.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn differ(first: (&NameServer, &Answer), other: (&NameServer, &Answer)) -> Fault {
    let are_both = !first.1.addresses.is_empty() && !other.1.addresses.is_empty();
    let said = |(server, answer): (&NameServer, &Answer)| Evidence {
        probe: format!("question for {} to {}", server.asked, server.address),
        value: words(answer),
    };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(other.0.address.to_string()),
        observed: format!(
            "of {} {} says {}, and {} says {}",
            first.0.asked,
            first.0.address,
            words(first.1),
            other.0.address,
            words(other.1)
        ),
        impact: format!("whenever {} is late, names that only one of them knows are not found, or lead elsewhere", first.0.address),
        fix: "leave only name servers in /etc/resolv.conf that know the same zones, by way of what writes it; have them forward to the others; undo: put it back".to_owned(),
        actions: Vec::new(),
        risk: "with one less there is none when the others fail; programs read the file when they start".to_owned(),
        reversible: true,
        evidence: vec![said(first), said(other)],
        // Of a name with several addresses in turn each answer is another.
        confidence: if are_both { Confidence::Low } else { Confidence::High },
    }
}

fn kept(server: &NameServer, answer: &Answer) -> Fault {
    let seconds = answer.negative_ttl_s.unwrap_or(0);
    Fault {
        severity: Severity::Info,
        aspect: Some("negative"),
        at: Some(server.address.to_string()),
        observed: format!("that {} does not exist is kept for {seconds} s", server.asked),
        impact: "a name that was asked for before it was made is not found for as long".to_owned(),
        fix: "lower the last number of the zone's SOA to an hour at most".to_owned(),
        actions: Vec::new(),
        risk: "the zone's servers are asked more often".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("question for {} to {}", server.asked, server.address),
            value: format!("SOA, kept for {seconds} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

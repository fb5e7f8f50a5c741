//! N03: names in `/etc/hosts` overrule the resolver, and nobody remembers them.
//!
//! Source: hosts(5); RFC 6761, 6.3: `localhost` is the machine itself.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{HostsLine, Window};

/// So many are named in a line.
const NAMED: usize = 5;

const LOCALHOST: &str = "localhost";

pub(super) static CHECK: Check = Check {
    id: "N03",
    title: "/etc/hosts overrules the resolver",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "/etc/hosts names this machine and nothing else, and localhost is this machine",
    guardrail: "have configuration management own the file",
    probes: &["/etc/hosts", "whether a socket can have each of its addresses"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A service has moved, its name leads to the new place everywhere, and one machine still goes to the old one.",
        culprit: "A line of /etc/hosts, put there in an outage or a test, is asked before the resolver and says nothing of its age.",
        proof: "Names with a dot whose address is not one of this machine. They may be meant, so they are told for information. That localhost is anything but an address of the loopback is a warning: programs bind to it and trust it.",
        fix: "Hold each against what the resolver says (getent -s dns hosts NAME), and remove what is no longer meant.",
        cost: "A name that only the file knows is gone with its line: keep a copy. Programs that keep connections keep the old address until they connect anew.",
        lab: "A namespace whose /etc/hosts has some names, and localhost elsewhere; mended by a plain one.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let lines = window.after.host.names.seen()?.hosts.seen()?;
    let strays = lines
        .iter()
        .filter(|it| it.names.iter().any(|name| name == LOCALHOST) && !it.address.is_loopback());
    let mut faults: Vec<Fault> = strays.map(stray).collect();
    let pins: Vec<(&HostsLine, &str)> = lines.iter().flat_map(pinned).collect();
    if !pins.is_empty() {
        faults.push(pin(&pins));
    }
    let observed = format!("{} lines, none of which names another machine", lines.len());
    Ok(Verdict { observed, faults, unseen: None })
}

/// Names of a line that the resolver would be asked for: with a dot, and not of this machine. `0.0.0.0` blocks a name.
fn pinned(line: &HostsLine) -> impl Iterator<Item = (&HostsLine, &str)> {
    let is_other = !line.own && !line.address.is_multicast() && !line.address.is_unspecified();
    let names = line.names.iter().filter(move |name| is_other && name.contains('.'));
    names.map(move |name| (line, name.as_str()))
}

fn stray(line: &HostsLine) -> Fault {
    fault(
        Severity::Warning,
        Some(LOCALHOST),
        format!("localhost is {}", line.address),
        "programs that bind to localhost or trust it do so with another machine, or do not start".to_owned(),
        "remove that name from the line, and have 127.0.0.1 localhost in the file; undo: put it back".to_owned(),
        vec![evidence(line)],
    )
}

fn pin(pins: &[(&HostsLine, &str)]) -> Fault {
    let some: Vec<_> =
        pins.iter().take(NAMED).map(|(line, name)| format!("{name} {}", line.address)).collect();
    let more = if pins.len() > NAMED { ", and others" } else { "" };
    fault(
        Severity::Info,
        None,
        format!("{} names of other machines are pinned: {}{more}", pins.len(), some.join(", ")),
        "when one of them moves, this machine still goes to the old place".to_owned(),
        "hold each against the resolver (getent -s dns hosts NAME), and remove what is no longer meant; undo: keep a copy".to_owned(),
        pins.iter().take(NAMED).map(|(line, _)| evidence(line)).collect(),
    )
}

fn evidence(line: &HostsLine) -> Evidence {
    let value = format!("{} {}", line.address, line.names.join(" "));
    Evidence { probe: "/etc/hosts".to_owned(), value }
}

fn fault(
    severity: Severity,
    aspect: Option<&'static str>,
    observed: String,
    impact: String,
    fix: String,
    evidence: Vec<Evidence>,
) -> Fault {
    Fault {
        severity,
        aspect,
        at: None,
        observed,
        impact,
        fix,
        actions: Vec::new(),
        risk: "a name that only the file knows is gone with its line".to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

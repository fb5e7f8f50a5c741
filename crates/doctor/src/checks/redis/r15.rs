//! R15: everybody who can reach the server may do everything on it.
//!
//! Source: the documentation of Redis, "Security" (protected mode) and `redis.conf` (`bind`, `protected-mode`).

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R15",
    title: "everybody who can reach the server may use it without a password",
    severity: Severity::Warning,
    needs: "+config|get",
    expected: "a server that listens beyond its own machine asks for a password, or is in protected mode",
    guardrail: "requirepass or an ACL in the file of settings; protected-mode yes; a firewall",
    probes: &[
        "CONFIG GET protected-mode, bind (only whether it reaches beyond the machine)",
        "whether the doctor was let in without a password",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, or keys that nobody wrote; later a machine that computes for others, or data that are for sale.",
        culprit: "The server listens on addresses that others reach, asks for no password, and protected mode, which would send others away, was turned off, as images for containers do. Whoever reaches the port may read all, delete all, and have files written.",
        proof: "All three: the doctor was let in without a password, bind reaches beyond the machine, and protected-mode is no. In a container the network decides who reaches it, which cannot be seen from here: it is a warning and not critical. Where the doctor came in with a user of its own it is not known whether the default user needs a password: that is said.",
        fix: "Give it a password that clients have first: CONFIG SET requirepass, and CONFIG REWRITE, with masterauth on replicas. Or let it listen on fewer addresses: bind in its file, and a start anew. Or CONFIG SET protected-mode yes, which sends all others away at once.",
        cost: "Clients without the password are refused from then on, when they connect next. With protected-mode yes all clients of other machines are: only where there should be none.",
        lab: "A server in a network of its own that listens on a second address without a password; mended by protected mode.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let (reach, guarded) = (server.setting("bind")?, server.setting("protected-mode")? == "yes");
    let observed =
        format!("it listens for {reach}, protected-mode is {}", if guarded { "yes" } else { "no" });
    // Either is enough, whoever may come in.
    if guarded || reach == "this machine" || !*server.is_open.seen()? {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let fault = Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: "it listens for others, asks for no password, and protected-mode is no".to_owned(),
        impact: "whoever reaches its port reads and deletes everything, and may have files written on its machine".to_owned(),
        fix: "CONFIG SET requirepass, once clients have the password, and CONFIG REWRITE (undo: CONFIG SET requirepass \"\"); or bind to fewer addresses".to_owned(),
        actions: Vec::new(),
        risk: "clients without the password are refused when they connect next".to_owned(),
        reversible: true,
        evidence: vec![
            shown("CONFIG GET bind", "reaches others"),
            shown("CONFIG GET protected-mode", "no"),
            shown("AUTH", "not asked for"),
        ],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

#[cfg(test)]
mod tests;

//! R07: the server sends clients away, or throws keys away.
//!
//! Source: the documentation of Redis, INFO (`rejected_connections`, `evicted_keys`) and "Clients" (`maxclients`).

use super::words::{percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Percent of `maxclients` from which on it is told.
const CROWDED: u64 = 90;

/// What it says to one who is too many.
const FULL: &str = "max number of clients";

pub(super) static CHECK: Check = Check {
    id: "R07",
    title: "clients are sent away, or keys thrown away",
    severity: Severity::Critical,
    needs: "+info",
    expected: "no connection is refused, fewer than 90 % of maxclients are there, and no key is evicted",
    guardrail: "alert on rate(redis_rejected_connections_total[5m]) > 0 and rate(redis_evicted_keys_total[5m]) > 0",
    probes: &[
        "INFO: rejected_connections, connected_clients, maxclients, evicted_keys, maxmemory_policy",
        "what it says to the doctor",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "New instances of the service do not come up, with \"ERR max number of clients reached\"; or the cache misses more and more, and the database behind it is busy.",
        culprit: "maxclients connections are open: more instances times larger pools than whoever set it thought of, or clients that went away without a word and are kept for ever, as timeout is 0. Or maxmemory is reached, and keys are thrown away to make room.",
        proof: "Growth between the two looks, not totals since the start. That the doctor itself is sent away is the same finding. Evicted keys are a warning with volatile-* and worth knowing with allkeys-*, as that is what a cache is told to do.",
        fix: "CLIENT LIST, sorted by addr, says who holds them and how long they have been idle. Make pools smaller, or CONFIG SET maxclients higher, which needs as many descriptors (see R19). CONFIG SET timeout 300 ends clients that have been silent for so long. For evicted keys: more memory, shorter times to live, or fewer keys.",
        cost: "Each connection takes some 20 KiB. A timeout also ends clients that wait rightly and do not ping; those that subscribe are left alone. Undo by setting the former value.",
        lab: "A server with few maxclients, all of them taken, and more who try; mended by ending some.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    if let Some(refusal) = pair.server.refused.as_ref().filter(|it| it.message.contains(FULL)) {
        let observed = format!("it lets nobody in: \"{}\"", refusal.message);
        let evidence = shown("CLIENT SETNAME", &format!("{} {}", refusal.code, refusal.message));
        let faults = vec![refused(observed, Severity::Critical, vec![evidence])];
        return Ok(Verdict { observed: String::new(), faults, unseen: None });
    }
    let server = pair.after()?;
    let seconds = pair.window.seconds();
    let growth = |name| pair.growth(name, |it| it.counter(name));
    let (rejected, evicted) = (growth("rejected_connections"), growth("evicted_keys"));
    let connected: u64 = server.number("connected_clients")?;
    // A field of INFO from 7.0 on, and a setting in every version.
    let limit = server.number("maxclients").or_else(|_| server.amount("maxclients"))?;
    let mut faults = Vec::new();
    if let Ok(count @ 1..) = rejected {
        let observed = format!(
            "{count} connections were refused in {seconds:.1} s: {connected} of {limit} are there"
        );
        let evidence =
            shown("INFO rejected_connections", &format!("{count} more in {seconds:.1} s"));
        faults.push(refused(observed, Severity::Critical, vec![evidence]));
    } else if percent(connected, limit) >= CROWDED {
        let observed = format!("{connected} of {limit} clients are connected");
        let evidence = shown("INFO connected_clients", &connected);
        faults.push(refused(observed, Severity::Warning, vec![evidence]));
    }
    if let Ok(count @ 1..) = evicted {
        faults.push(thrown(count, seconds, server.field("maxmemory_policy")?));
    }
    let observed = format!(
        "no connection was refused and no key evicted in {seconds:.1} s; {connected} of {limit} clients"
    );
    Ok(Verdict { observed, faults, unseen: rejected.err().or(evicted.err()) })
}

/// Clients cannot come in, or soon will not.
fn refused(observed: String, severity: Severity, evidence: Vec<crate::record::Evidence>) -> Fault {
    let impact = match severity {
        Severity::Critical => "new connections are refused now (ERR max number of clients reached)",
        _ => {
            "when the next instances start, their connections are refused (ERR max number of clients reached)"
        }
    };
    Fault {
        severity,
        aspect: Some("clients"),
        at: None,
        observed,
        impact: impact.to_owned(),
        fix: "see who holds them: CLIENT LIST, over a connection that is open already, or after one client has ended; make pools smaller, or CONFIG SET maxclients higher (undo: the former value)".to_owned(),
        actions: Vec::new(),
        risk: "each needs a file descriptor and some 20 KiB".to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::High,
    }
}

/// Keys went to make room.
fn thrown(count: u64, seconds: f64, policy: &str) -> Fault {
    let is_cache = policy.starts_with("allkeys");
    Fault {
        severity: if is_cache { Severity::Info } else { Severity::Warning },
        aspect: Some("evicted"),
        at: None,
        observed: format!("{count} keys were evicted in {seconds:.1} s by {policy}"),
        impact: if is_cache {
            "what is evicted has to be made again: the cache is smaller than what is asked of it"
                .to_owned()
        } else {
            "keys go before their time; when none with a time to live is left, writes are refused"
                .to_owned()
        },
        fix: "more maxmemory if the machine has as much, shorter times to live, or fewer keys"
            .to_owned(),
        actions: Vec::new(),
        risk: "a limit above what the machine has makes the kernel kill the server".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO evicted_keys", &format!("{count} more in {seconds:.1} s")),
            shown("INFO maxmemory_policy", &policy),
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

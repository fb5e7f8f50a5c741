//! R09: a cache holds what eviction may not touch, or what has expired long ago.
//!
//! Source: the documentation of Redis, "Key eviction" (`volatile-*`) and EXPIRE (how keys expire: the sampling goes on while more than a quarter
//! of the sample has expired).

use super::words::{percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Below so many keys their share says nothing.
const KEYS_MIN: u64 = 100;

/// Percent of keys that never expire from which on it is told.
const LASTING: u64 = 50;

/// Percent of keys with a time to live that are past it, as the server estimates.
const STALE: f64 = 25.0;

pub(super) static CHECK: Check = Check {
    id: "R09",
    title: "a cache holds what eviction may not touch, or what has expired long ago",
    severity: Severity::Warning,
    needs: "+info",
    expected: "with volatile-* most keys have a time to live, and at most a quarter of those are past it",
    guardrail: "alert on redis_db_keys_expiring / redis_db_keys < 0.5 where the policy is volatile-*, and on redis_expired_stale_percentage > 25",
    probes: &[
        "INFO: maxmemory, maxmemory_policy, keyspace, expired_stale_perc, expired_time_cap_reached_count",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The cache grows to its limit and from then on throws away what was just written, while old entries stay for ever; or writes are refused although all of it is said to be a cache.",
        culprit: "volatile-* evicts only keys with a time to live. Where most have none, those that have one are thrown away sooner and sooner, and then there is nothing left to evict: often one writer forgot the time to live, or a SET without KEEPTTL took it away. Or keys expire faster than the server finds them: they take memory until somebody reads them, or the sampling meets them.",
        proof: "Only where maxmemory is set. Aspect lasting: the policy is volatile-*, there are at least 100 keys, and half of them never expire, which the server counts itself and is no sample. Aspect stale: by the server's own estimate more than a quarter of the keys with a time to live are past it.",
        fix: "Find who writes them: redis-cli --scan and TTL on some. Give them a time to live (EXPIRE), and mend the writer. If all of it is a cache, CONFIG SET maxmemory-policy allkeys-lru. For stale keys, CONFIG SET active-expire-effort higher than 1, up to 10.",
        cost: "allkeys-lru may throw away what is no cache: see R06. A higher effort takes time from the thread that answers. Undo by setting the former value.",
        lab: "A server with volatile-lru and keys that never expire; mended by giving them a time to live.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let limit: u64 = server.number("maxmemory")?;
    if limit == 0 {
        return Err(Blind::OutOfPlace(
            "it has no maxmemory: it is no cache that evicts".to_owned(),
        ));
    }
    let policy = server.field("maxmemory_policy")?;
    let all = server.keyspace.seen()?.values();
    let (keys, expires) =
        all.fold((0, 0), |(keys, expires), it| (keys + it.keys, expires + it.expires));
    let lasting = keys.saturating_sub(expires);
    let mut faults = Vec::new();
    if policy.starts_with("volatile") && keys >= KEYS_MIN && percent(lasting, keys) >= LASTING {
        faults.push(held(policy, lasting, keys));
    }
    // From 5.0 on.
    let stale: f64 = server.number("expired_stale_perc")?;
    if stale > STALE && expires >= KEYS_MIN {
        faults.push(late(stale, expires));
    }
    let observed = format!(
        "{lasting} of {keys} keys never expire, and {stale:.0} % of the others are past their time"
    );
    Ok(Verdict { observed, faults, unseen: None })
}

fn held(policy: &str, lasting: u64, keys: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("lasting"),
        at: None,
        observed: format!("{lasting} of {keys} keys never expire, and {policy} may not evict them"),
        impact: "at maxmemory the others go sooner and sooner, and then writes are refused"
            .to_owned(),
        fix: format!(
            "give them a time to live (EXPIRE), and mend who writes them; if all is a cache, CONFIG SET maxmemory-policy allkeys-lru (undo: {policy})"
        ),
        actions: Vec::new(),
        risk: "allkeys-lru may throw away what is no cache".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO keyspace", &format!("keys={keys} expires={}", keys - lasting)),
            shown("INFO maxmemory_policy", &policy),
        ],
        confidence: Confidence::High,
    }
}

fn late(stale: f64, expires: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("stale"),
        at: None,
        observed: format!(
            "{stale:.0} % of {expires} keys with a time to live are past it and still there"
        ),
        impact: "they take memory that is evicted from others, or refused to writes".to_owned(),
        fix: "CONFIG SET active-expire-effort 4 (undo: 1), up to 10, until it falls".to_owned(),
        actions: Vec::new(),
        risk: "it takes time from the thread that answers".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO expired_stale_perc", &stale)],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

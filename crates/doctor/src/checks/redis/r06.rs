//! R06: at its limit the server refuses writes, or throws away what must be kept.
//!
//! Source: the documentation of Redis, "Key eviction"; `evict.c` (`getMaxmemoryState`): buffers of replicas and of the append-only file
//! (`mem_not_counted_for_evict`) are not counted.

use super::signs::Signs;
use super::words::{mib, percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Percent of `maxmemory` from which on a server that may evict nothing is told of.
const WARNING: u64 = 90;
const CRITICAL: u64 = 98;

pub(super) static CHECK: Check = Check {
    id: "R06",
    title: "at its limit the server refuses writes, or throws away what must be kept",
    severity: Severity::Critical,
    needs: "+info +client|list +scan +type +pttl ~*",
    expected: "a store is below 90 % of maxmemory, and only a cache evicts keys that never expire",
    guardrail: "alert on redis_memory_used_bytes / redis_memory_max_bytes > 0.9 where the policy is noeviction or volatile-*",
    probes: &[
        "INFO: maxmemory, maxmemory_policy, used_memory, mem_not_counted_for_evict, evicted_keys, keyspace",
        "CLIENT LIST: commands that wait",
        "SCAN of at most 1000 keys with TYPE and PTTL; prefixes of --fact redis.prefixes=lock:,queue:",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "From one moment to the next every write is answered with \"OOM command not allowed when used memory > 'maxmemory'\"; or jobs, locks and sessions vanish without a trace.",
        culprit: "At maxmemory the policy decides. noeviction refuses writes, and so does volatile-* where no key has a time to live. allkeys-* throws away any key that was not used for long, and a queue that nobody has read for an hour, or a lock, is such a key. Nothing is logged.",
        proof: "Aspect full: nothing may be evicted and 90 % of maxmemory is taken, as the server counts it; critical from 98 %. Aspect kept: the policy is allkeys-* and there is a sign of more than a cache: workers that wait, streams, or keys with prefixes that the user named; critical if keys were evicted between the two looks. Names of keys are not guessed at.",
        fix: "Where it is full: raise maxmemory if the machine has more, or find what grows (redis-cli --bigkeys) and give it a time to live. Where jobs would be evicted: CONFIG SET maxmemory-policy volatile-lru, so that only keys with a time to live go, or a server of its own for the cache.",
        cost: "volatile-* refuses writes when no key with a time to live is left: then watch the share that is taken. Undo by setting the former policy.",
        lab: "A server with noeviction, filled to more than 90 % of maxmemory; mended by deleting keys.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let limit: u64 = server.number("maxmemory")?;
    if limit == 0 {
        return Err(Blind::OutOfPlace(
            "it has no maxmemory, so that nothing is evicted".to_owned(),
        ));
    }
    let policy = server.field("maxmemory_policy")?;
    let used: u64 = server.number("used_memory")?;
    // Before 4.0 all was counted.
    let counted = used.saturating_sub(server.counter("mem_not_counted_for_evict")?.unwrap_or(0));
    let share = percent(counted, limit);
    let expires: u64 = server.keyspace.seen()?.values().map(|it| it.expires).sum();
    let may_evict = policy.starts_with("allkeys") || policy.starts_with("volatile") && expires > 0;
    let mut faults = Vec::new();
    let mut unseen = None;
    if !may_evict && share >= WARNING {
        faults.push(full(policy, counted, limit));
    }
    if policy.starts_with("allkeys") {
        let mut signs = Signs::of(server)?;
        // A cache whose keys never expire is one that leaves it to the policy.
        signs.lasting = None;
        unseen = signs.unseen.take();
        if signs.any() {
            let evicted = pair.growth("evicted_keys", |it| it.counter("evicted_keys"));
            faults.push(kept(policy, signs, evicted.as_ref().copied().unwrap_or(0)));
            unseen = evicted.err();
        }
    }
    let observed = format!("{share} % of maxmemory is taken, and the policy is {policy}");
    Ok(Verdict { observed, faults, unseen })
}

/// It may evict nothing.
fn full(policy: &str, counted: u64, limit: u64) -> Fault {
    let share = percent(counted, limit);
    let left = limit.saturating_sub(counted);
    Fault {
        severity: if share >= CRITICAL { Severity::Critical } else { Severity::Warning },
        aspect: Some("full"),
        at: None,
        observed: format!(
            "{share} % of maxmemory is taken, {} of {}, and {policy} finds nothing to evict",
            mib(counted),
            mib(limit)
        ),
        impact: if left == 0 {
            "every write is refused now (OOM command not allowed)".to_owned()
        } else {
            format!("after {} more every write is refused (OOM command not allowed)", mib(left))
        },
        fix: format!(
            "find what grows: redis-cli --bigkeys; give it a time to live, or CONFIG SET maxmemory {} (undo: {limit}) if the machine has as much",
            limit.saturating_add(limit / 4)
        ),
        actions: Vec::new(),
        risk: "a limit above what the machine has makes the kernel kill the server".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO used_memory - mem_not_counted_for_evict", &counted),
            shown("INFO maxmemory", &limit),
            shown("INFO maxmemory_policy", &policy),
        ],
        confidence: Confidence::High,
    }
}

/// It may evict anything, and not all is a cache.
fn kept(policy: &str, signs: Signs, evicted: u64) -> Fault {
    Fault {
        severity: if evicted > 0 { Severity::Critical } else { Severity::Warning },
        aspect: Some("kept"),
        at: None,
        observed: format!(
            "{policy} may evict any key, although {}; {evicted} were evicted meanwhile",
            signs.words()
        ),
        impact:
            "at maxmemory jobs, locks and sessions vanish like any key that was not used for long"
                .to_owned(),
        fix: format!(
            "CONFIG SET maxmemory-policy volatile-lru; CONFIG REWRITE (undo: {policy}); give what is a cache a time to live, or a server of its own"
        ),
        actions: Vec::new(),
        risk: "writes are refused when no key with a time to live is left".to_owned(),
        reversible: true,
        evidence: [
            shown("INFO maxmemory_policy", &policy),
            shown("INFO evicted_keys", &format!("{evicted} more")),
        ]
        .into_iter()
        .chain(signs.evidence())
        .collect(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

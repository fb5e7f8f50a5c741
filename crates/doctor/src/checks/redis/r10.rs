//! R10: one command or one key holds up all clients.
//!
//! Source: the documentation of Redis, KEYS, SLOWLOG, MEMORY USAGE and "Diagnosing latency issues" (one thread answers all clients).

use super::words::{float, mib, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis, RedisLarge, RedisSlow};

/// Commands that go through all of a collection, or all keys.
const WHOLE: &[&str] = &[
    "flushall",
    "flushdb",
    "hgetall",
    "hkeys",
    "hvals",
    "keys",
    "lrange",
    "lrem",
    "sdiff",
    "sdiffstore",
    "sinter",
    "sinterstore",
    "smembers",
    "sort",
    "sort_ro",
    "sunion",
    "sunionstore",
    "zinter",
    "zinterstore",
    "zrange",
    "zrangebyscore",
    "zrevrange",
    "zunion",
    "zunionstore",
];

/// Microseconds from which on one of them is told; KEYS at any length that the slow log takes.
const SLOW_MICROS: u64 = 100_000;

/// The slow log is looked back for so many seconds.
const BACK_SECONDS: u64 = 600;

/// A network of 1 Gbit/s takes more than 80 ms for so many bytes.
const LARGE_BYTES: u64 = 10 << 20;

pub(super) static CHECK: Check = Check {
    id: "R10",
    title: "one command or one key holds up all clients",
    severity: Severity::Warning,
    needs: "+info +slowlog +scan +type +pttl +memory|usage ~*",
    expected: "no KEYS, no command over a whole collection of 100 ms, and no sampled key of 10 MiB",
    guardrail: "an ACL with -@dangerous for the service; alert on redis_slowlog_last_id rising",
    probes: &[
        "SLOWLOG GET 128: names of commands, never arguments",
        "SCAN of at most 1000 keys, MEMORY USAGE of 50 of them (500 with --deep); names stay there",
        "INFO server_time_usec",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "All clients time out at once for a moment, at no time of day in particular.",
        culprit: "One thread answers all clients, one command after the other. KEYS goes through all keys, HGETALL or SMEMBERS through all of a collection that has grown to millions; and a large value takes long to send, to delete and to move.",
        proof: "Aspect slow: the slow log of the last ten minutes has KEYS, or another command over a whole collection that took 100 ms or more; by the server's own clock, which it tells from 7.0 on, and before that only what came between the two looks. Aspect large: the largest of the sampled keys takes 10 MiB or more, which is more than 80 ms on a network of 1 Gbit/s. A sample may miss one: --deep measures ten times as many, and redis-cli --bigkeys all.",
        fix: "SCAN instead of KEYS, HSCAN and SSCAN instead of the whole; UNLINK instead of DEL. Split a large key into many. To be rid of KEYS for good: ACL SETUSER SERVICE -keys.",
        cost: "A service that is not ready for it gets NOPERM. Undo with ACL SETUSER SERVICE +keys.",
        lab: "A server with many keys on which KEYS is run; mended by clearing the slow log.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    let log = server.slow.seen();
    let recent = match log {
        Ok(log) => recent(pair, server, log),
        Err(ref blind) => Err(blind.clone()),
    };
    if let Ok(recent) = &recent {
        let is_whole = |it: &&&RedisSlow| {
            WHOLE.contains(&it.command.as_str())
                && (it.command == "keys" || it.micros >= SLOW_MICROS)
        };
        let whole: Vec<&RedisSlow> = recent.iter().filter(is_whole).copied().collect();
        faults
            .extend(whole.iter().max_by_key(|it| it.micros).map(|worst| slow(worst, whole.len())));
    }
    let sample = server.sample.seen();
    let largest = sample.as_ref().ok().and_then(|it| it.largest.first());
    faults.extend(largest.filter(|it| it.bytes >= LARGE_BYTES).map(large));
    let measured = sample.as_ref().map_or(0, |it| it.measured);
    // Keys that were met and could not be measured are not small.
    let unmeasured = sample.as_ref().is_ok_and(|it| it.keys > 0 && it.measured == 0);
    let unmeasured =
        unmeasured.then(|| Blind::Denied("+memory|usage ~* in the ACL of its user".to_owned()));
    let observed = format!(
        "no command over a whole collection in the slow log; {measured} keys measured, none large"
    );
    Ok(Verdict { observed, faults, unseen: recent.err().or(sample.err()).or(unmeasured) })
}

/// What came within [`BACK_SECONDS`], or else between the looks.
fn recent<'a>(
    pair: &Pair<'a, Redis>,
    server: &'a Redis,
    log: &'a [RedisSlow],
) -> Result<Vec<&'a RedisSlow>, Blind> {
    if let Some(now) = server.counter("server_time_usec")? {
        let from = (now / 1_000_000).saturating_sub(BACK_SECONDS);
        return Ok(log.iter().filter(|it| it.at_seconds >= from).collect());
    }
    let last = pair.before()?.slow.seen()?.iter().map(|it| it.id).max();
    Ok(log.iter().filter(|it| last.is_none_or(|last| it.id > last)).collect())
}

fn slow(worst: &RedisSlow, count: usize) -> Fault {
    let RedisSlow { command, micros, at_seconds, .. } = worst;
    let ms = float(*micros) / 1e3;
    Fault {
        severity: Severity::Warning,
        aspect: Some("slow"),
        at: None,
        observed: format!("{command} took {ms:.1} ms, the slowest of {count} such commands in the slow log of late"),
        impact: format!("all clients wait for {ms:.0} ms with each, and longer as the data grow"),
        fix: "SCAN instead of KEYS, HSCAN and SSCAN instead of a whole collection; SLOWLOG GET says which client it is; ACL SETUSER SERVICE -keys (undo: +keys)".to_owned(),
        actions: Vec::new(),
        risk: "a service that is not ready for it gets NOPERM".to_owned(),
        reversible: true,
        evidence: vec![shown("SLOWLOG GET", &format!("{command} {micros} us at {at_seconds}"))],
        confidence: Confidence::High,
    }
}

fn large(largest: &RedisLarge) -> Fault {
    let RedisLarge { kind, bytes } = largest;
    Fault {
        severity: Severity::Warning,
        aspect: Some("large"),
        at: None,
        observed: format!("a sampled key, a {kind}, takes {}", mib(*bytes)),
        impact: "whoever reads, deletes or moves it as a whole holds up all clients".to_owned(),
        fix: "find it: redis-cli --bigkeys; split it into many keys, and delete it with UNLINK"
            .to_owned(),
        actions: Vec::new(),
        risk: "--bigkeys reads all keys, some at a time".to_owned(),
        reversible: true,
        evidence: vec![shown("MEMORY USAGE", &format!("{kind} {bytes}"))],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! R20: a replica answers with old data, or takes whole copies again and again.
//!
//! Source: the documentation of Redis, "Replication", INFO (`sync_full`) and `redis.conf` (`replica-serve-stale-data`).

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Commands that read. Not `keyspace_hits`: what the doctor itself asks about sampled keys is counted there.
const READS: &[&str] = &[
    "exists",
    "get",
    "getrange",
    "hexists",
    "hget",
    "hgetall",
    "hkeys",
    "hlen",
    "hmget",
    "hvals",
    "lindex",
    "llen",
    "lrange",
    "mget",
    "scard",
    "sismember",
    "smembers",
    "smismember",
    "strlen",
    "xlen",
    "xrange",
    "xread",
    "zcard",
    "zcount",
    "zrange",
    "zrangebyscore",
    "zrank",
    "zrevrange",
    "zscore",
];

/// So many whole copies between two looks are a loop: one is what a new replica takes.
const COPIES: u64 = 2;

pub(super) static CHECK: Check = Check {
    id: "R20",
    title: "a replica answers with old data, or takes whole copies again and again",
    severity: Severity::Warning,
    needs: "+info +config|get",
    expected: "a replica that is cut off answers nobody, and no replica takes two whole copies between two looks",
    guardrail: "alert on redis_master_link_up == 0 and rate(redis_replica_resyncs_full[15m]) * 900 > 2",
    probes: &[
        "INFO: master_link_status, master_link_down_since_seconds, commandstats of commands that read, sync_full, slaveN",
        "CONFIG GET replica-serve-stale-data",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Some readers see what was true an hour ago, others what is true now. Or the primary forks every few minutes, the network is full, and a replica is never ready.",
        culprit: "A replica that has lost its primary goes on answering, unless replica-serve-stale-data is no; clients cannot tell. Or each copy fails before its end: it takes longer than repl-timeout, its buffer at the primary is over its limit (see R11), or the replica is killed for lack of memory, and it begins anew.",
        proof: "Aspect stale: the link is down, old data may be served, and commands that read came between the two looks. Aspect copies: a primary began at least two whole copies between the two looks; a single one is what a new replica takes.",
        fix: "For stale reads mend the link (see R12); until then CONFIG SET replica-serve-stale-data no makes it answer MASTERDOWN, so that clients go elsewhere. For copies, read the log of both: CONFIG SET repl-timeout longer than a copy takes, the limit of the replica's buffer higher, and repl-backlog-size.",
        cost: "With replica-serve-stale-data no, readers of that replica get errors while the link is down. Undo with yes.",
        lab: "A replica whose primary has ended, and which is read; mended by having it answer nobody.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let seconds = pair.window.seconds();
    let growth = |name| pair.growth(name, |it| it.counter(name));
    if server.is_replica()? {
        let serves = server.setting("replica-serve-stale-data")? == "yes";
        if server.field("master_link_status")? == "up" || !serves {
            let observed =
                "it answers only while the link to its primary is up, and it is fresh".to_owned();
            return Ok(Verdict { observed, ..Verdict::default() });
        }
        let reads = pair.growth("calls of commands that read", |it| Ok(Some(reads(it)?)))?;
        let faults = if reads > 0 { vec![stale(server, reads, seconds)] } else { Vec::new() };
        let observed =
            format!("the link to its primary is down, and nobody read from it in {seconds:.1} s");
        return Ok(Verdict { observed, faults, unseen: None });
    }
    let replicas = server.replicas.seen()?.len();
    let copies = growth("sync_full")?;
    if replicas == 0 && copies == 0 {
        return Err(Blind::OutOfPlace("it has no replica".to_owned()));
    }
    let faults = if copies >= COPIES { vec![again(copies, seconds)] } else { Vec::new() };
    let observed = format!("{replicas} replicas, {copies} whole copies begun in {seconds:.1} s");
    Ok(Verdict { observed, faults, unseen: None })
}

/// How often it was read since its counters began.
fn reads(server: &Redis) -> Result<u64, Blind> {
    let calls = server.calls.seen()?;
    Ok(READS.iter().filter_map(|name| calls.get(*name)).sum())
}

fn stale(server: &Redis, reads: u64, seconds: f64) -> Fault {
    let down: Result<u64, _> = server.number("master_link_down_since_seconds");
    let age = down.map_or_else(|_| "of unknown age".to_owned(), |down| format!("{down} s old"));
    Fault {
        severity: Severity::Warning,
        aspect: Some("stale"),
        at: None,
        observed: format!(
            "{reads} reads were answered in {seconds:.1} s from data that are {age}: the link to its primary is down"
        ),
        impact: "readers get what is no longer true, and cannot tell".to_owned(),
        fix: "mend the link (R12); until then CONFIG SET replica-serve-stale-data no (undo: yes)"
            .to_owned(),
        actions: Vec::new(),
        risk: "readers of this replica get MASTERDOWN until the link is up".to_owned(),
        reversible: true,
        evidence: vec![
            shown(
                "INFO master_link_status",
                &server.field("master_link_status").unwrap_or("not told"),
            ),
            shown(
                "INFO commandstats of commands that read",
                &format!("{reads} more in {seconds:.1} s"),
            ),
            shown("CONFIG GET replica-serve-stale-data", "yes"),
        ],
        confidence: Confidence::High,
    }
}

fn again(copies: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("copies"),
        at: None,
        observed: format!("{copies} whole copies were begun in {seconds:.1} s"),
        impact: "it forks and sends all data each time, and a replica that never gets to the end cannot take over".to_owned(),
        fix: "read the logs of both for why a copy ends; CONFIG SET repl-timeout longer than it takes, client-output-buffer-limit for replicas higher (undo: the former values)".to_owned(),
        actions: Vec::new(),
        risk: "buffers take memory beside maxmemory".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO sync_full", &format!("{copies} more in {seconds:.1} s"))],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

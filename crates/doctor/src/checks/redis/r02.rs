//! R02: jobs or locks are kept in a server that writes only snapshots.
//!
//! Source: the documentation of Redis, "Persistence": what was changed since the last snapshot is lost in a crash.

use super::signs::Signs;
use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R02",
    title: "jobs or locks are kept where a crash loses what came since the last snapshot",
    severity: Severity::Warning,
    needs: "+info +config|get +client|list +scan +type +pttl ~*",
    expected: "a server that holds jobs, locks or sessions has an append-only file",
    guardrail: "alert on redis_rdb_changes_since_last_save growing for an hour, or redis_aof_enabled == 0 on servers of queues",
    probes: &[
        "INFO: role, aof_enabled, rdb_changes_since_last_save, rdb_last_save_time, server_time_usec",
        "CONFIG GET save",
        "CLIENT LIST: commands that wait",
        "SCAN of at most 1000 keys with TYPE and PTTL; prefixes of --fact redis.prefixes=lock:,queue:",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a crash the queue holds jobs that were done and lacks those that came last; two workers hold the same lock; customers get the same mail twice.",
        culprit: "Only snapshots are on, which is the default. A snapshot is taken after so many changes in so many seconds, up to an hour apart. A crash, a kill for lack of memory or a loss of power takes the server back to it: what was added since is gone, what was taken since is back.",
        proof: "Fails where snapshots are on, the append-only file is off, and there is a sign of jobs or locks: workers that wait in a blocking command, streams, or keys with prefixes that the user named. That keys never expire alone is no fault here: a store that can bear to lose an hour is a fair choice.",
        fix: "CONFIG SET appendonly yes at the running server, then CONFIG REWRITE. Not by the file and a restart: then it would come up empty. A lock that must never be held twice needs a fencing token besides; no setting of Redis gives that.",
        cost: "One fork and one write of all data, then a flush each second: at most about two seconds of writes are lost. appendfsync always loses none and makes each write wait for the disk. Undo with CONFIG SET appendonly no.",
        lab: "A server with snapshots only and workers that wait for jobs; mended by turning the append-only file on.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.is_replica()? {
        return Err(Blind::OutOfPlace(
            "it is a replica: its primary decides what is kept".to_owned(),
        ));
    }
    if server.field("aof_enabled")? == "1" {
        let observed = "it has an append-only file".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let save = server.setting("save")?;
    if save.is_empty() {
        return Err(Blind::OutOfPlace("nothing is written to disk at all: see R01".to_owned()));
    }
    let mut signs = Signs::of(server)?;
    signs.lasting = None;
    let unseen = signs.unseen.take();
    let observed = "only snapshots are written, and there is no sign of jobs or locks".to_owned();
    let faults = if signs.any() { vec![fault(server, save, signs)?] } else { Vec::new() };
    let unseen = unseen.filter(|_| faults.is_empty());
    Ok(Verdict { observed, faults, unseen })
}

fn fault(server: &Redis, save: &str, signs: Signs) -> Result<Fault, Blind> {
    let changes: u64 = server.number("rdb_changes_since_last_save")?;
    let last: u64 = server.number("rdb_last_save_time")?;
    // Its own clock tells how long ago that was, from 7.0 on.
    let age = server.counter("server_time_usec")?.map(|now| (now / 1_000_000).saturating_sub(last));
    let ago = age.map_or_else(String::new, |age| format!(", {age} s ago"));
    let evidence = [
        shown("INFO aof_enabled", &0),
        shown("CONFIG GET save", &save),
        shown("INFO rdb_changes_since_last_save", &changes),
    ];
    Ok(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!(
            "only snapshots are written, although {}; {changes} changes since the last{ago}",
            signs.words()
        ),
        impact: format!(
            "a crash takes it back to its last snapshot: {changes} changes are lost now, jobs that were taken come back, locks that are held are free"
        ),
        fix: "CONFIG SET appendonly yes, wait until INFO says aof_rewrite_scheduled:0, aof_rewrite_in_progress:0 and aof_last_bgrewrite_status:ok, then CONFIG REWRITE (undo: CONFIG SET appendonly no)".to_owned(),
        actions: Vec::new(),
        risk: "it forks and writes all data once: memory for pages that change meanwhile, and the disk, must suffice".to_owned(),
        reversible: true,
        evidence: evidence.into_iter().chain(signs.evidence()).collect(),
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

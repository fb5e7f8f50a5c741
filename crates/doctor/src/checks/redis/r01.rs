//! R01: nothing is written to disk, although more is kept than a cache.
//!
//! Source: the documentation of Redis, "Persistence" (`save`, `appendonly`), and "Replication", on primaries that do not persist.

use super::signs::Signs;
use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R01",
    title: "nothing is written to disk, although more is kept than a cache",
    severity: Severity::Critical,
    needs: "+info +config|get +client|list +scan +type +pttl ~*",
    expected: "a server that holds more than a cache writes it to disk: appendonly yes, or at least save",
    guardrail: "alert on redis_aof_enabled == 0 where the service is listed as a store; save and appendonly set in the file, not by default",
    probes: &[
        "INFO: role, aof_enabled, keyspace, replication",
        "CONFIG GET save",
        "CLIENT LIST: commands that wait",
        "SCAN of at most 1000 keys with TYPE and PTTL; prefixes of --fact redis.prefixes=lock:,queue:",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the server is started again, is killed for memory or moves to another machine: then it is empty. Jobs that were queued never run, locks are free that somebody holds, users are logged out.",
        culprit: "Neither snapshots nor the append-only file are on. That is right for a cache, whose content can be had again from elsewhere, and wrong for everything else. Often a cache has become a store: somebody put a queue or a lock beside it. With replicas it is worse: a primary that comes up empty at once has its replicas copy that, so they are no safeguard.",
        proof: "A pure cache is fine and is not told of. Fails only with a sign of use: workers that wait in a blocking command, streams, keys with prefixes that the user named, or, with low confidence, at least 100 keys half of which never expire. Critical where replicas would copy the empty server. A replica is not judged: its primary decides.",
        fix: "CONFIG SET appendonly yes at the running server, then CONFIG REWRITE so that it stays. The order matters: a server that is started again with appendonly yes in its file, but has no such file yet, comes up empty. Undo with CONFIG SET appendonly no.",
        cost: "Turning it on forks and writes all data once; then each write goes to disk, which is flushed once a second. Memory for pages that change meanwhile, and the disk, must suffice. If it truly is a cache, give its keys a time to live instead.",
        lab: "A server with save \"\" and keys that never expire, or workers that wait for jobs; mended by turning the append-only file on.",
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
    let is_written = server.field("aof_enabled")? == "1" || !server.setting("save")?.is_empty();
    if is_written {
        let observed = "it writes to disk: an append-only file or snapshots".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let mut signs = Signs::of(server)?;
    let unseen = signs.unseen.take();
    let replicas = server.replicas.seen()?.len();
    let observed =
        "nothing is written to disk, and there is no sign of more than a cache".to_owned();
    let faults = if signs.any() { vec![fault(signs, replicas)] } else { Vec::new() };
    let unseen = unseen.filter(|_| faults.is_empty());
    Ok(Verdict { observed, faults, unseen })
}

fn fault(signs: Signs, replicas: usize) -> Fault {
    let confidence = if signs.kept.is_empty() { Confidence::Low } else { Confidence::High };
    let copied = match replicas {
        0 => String::new(),
        replicas => format!(", and its {replicas} replicas copy the empty server"),
    };
    let evidence = [shown("INFO aof_enabled", &0), shown("CONFIG GET save", "\"\"")];
    Fault {
        severity: if replicas > 0 { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: None,
        observed: format!("nothing is written to disk, although {}", signs.words()),
        impact: format!("when it is started again, for whatever reason, all of it is gone{copied}"),
        fix: "CONFIG SET appendonly yes, wait until INFO says aof_rewrite_scheduled:0, aof_rewrite_in_progress:0 and aof_last_bgrewrite_status:ok, then CONFIG REWRITE (undo: CONFIG SET appendonly no); if it is a cache, give its keys a time to live".to_owned(),
        actions: Vec::new(),
        risk: "it forks and writes all data once: memory for pages that change meanwhile, and the disk, must suffice".to_owned(),
        reversible: true,
        evidence: evidence.into_iter().chain(signs.evidence()).collect(),
        confidence,
    }
}

#[cfg(test)]
mod tests;

//! R03: the last snapshot, or the last write of the append-only file, failed.
//!
//! Source: Redis `rdb.c`, `aof.c` and `server.c` (`writeCommandsDeniedByDiskError`): with `stop-writes-on-bgsave-error` and a `save`
//! line a primary whose last snapshot failed answers every write with `MISCONF`, and so it does after a failed write of the
//! append-only file.

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R03",
    title: "what is kept cannot be written to disk",
    severity: Severity::Critical,
    needs: "+info +config|get",
    expected: "the last snapshot, the last write and the last rewrite of the append-only file went well",
    guardrail: "alert on redis_rdb_last_bgsave_status == 0, redis_aof_last_write_status == 0, redis_aof_last_bgrewrite_status == 0",
    probes: &[
        "INFO persistence: rdb_last_bgsave_status, aof_last_write_status, aof_last_bgrewrite_status, rdb_last_save_time, rdb_changes_since_last_save",
        "CONFIG GET stop-writes-on-bgsave-error, save",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Either every write is answered with MISCONF and the service stands still; or, where somebody has turned that off, all goes well and the copy on disk is weeks old.",
        culprit: "The folder is full, gone, read-only or belongs to another user, or the server could not fork for lack of memory. Redis then refuses writes so that somebody notices. stop-writes-on-bgsave-error no silences that, and nothing else tells.",
        proof: "What the server itself says of its last tries. The three are told apart, as each has its own remedy: aspect rdb is critical where writes are refused now, and a warning where they are not; aspect aof is critical; aspect rewrite is a warning, as the file grows without end.",
        fix: "The log of the server says why: look for \"MISCONF\", \"Can't save in background\", \"Failed opening\", \"No space left\". Make room or mend the folder (CONFIG GET dir), or give the machine vm.overcommit_memory=1 if it cannot fork; then BGSAVE, or BGREWRITEAOF, and see INFO persistence.",
        cost: "A snapshot forks and writes all data. stop-writes-on-bgsave-error no lets writes through at once, but what they write may be lost: only until the disk is mended.",
        lab: "A server that may not write into its folder any more; mended by giving it back and taking a snapshot.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    if server.field("rdb_last_bgsave_status")? != "ok" {
        faults.push(snapshot(server)?);
    }
    if server.field("aof_enabled")? == "1" {
        if server.field("aof_last_write_status")? != "ok" {
            faults.push(append());
        }
        if server.field("aof_last_bgrewrite_status")? != "ok" {
            faults.push(rewrite());
        }
    }
    let observed = "the last snapshot and the last writes to disk went well".to_owned();
    Ok(Verdict { observed, faults, unseen: None })
}

/// The last snapshot failed.
fn snapshot(server: &Redis) -> Result<Fault, Blind> {
    let changes: u64 = server.number("rdb_changes_since_last_save")?;
    let stops = server.setting("stop-writes-on-bgsave-error")? == "yes";
    let is_refusing = stops && !server.setting("save")?.is_empty() && !server.is_replica()?;
    Ok(Fault {
        severity: if is_refusing { Severity::Critical } else { Severity::Warning },
        aspect: Some("rdb"),
        at: None,
        observed: format!("the last snapshot failed; {changes} changes are not on disk"),
        impact: if is_refusing {
            "every write is refused now (MISCONF), until a snapshot goes well".to_owned()
        } else {
            format!(
                "nobody is told: a restart from the snapshot loses {changes} changes, and more each day"
            )
        },
        fix: "read its log for why, mend its folder (CONFIG GET dir) or make room, then BGSAVE"
            .to_owned(),
        actions: Vec::new(),
        risk: "a snapshot forks and writes all data".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO rdb_last_bgsave_status", &server.field("rdb_last_bgsave_status")?),
            shown("INFO rdb_changes_since_last_save", &changes),
            shown("CONFIG GET stop-writes-on-bgsave-error", &if stops { "yes" } else { "no" }),
        ],
        confidence: Confidence::High,
    })
}

/// The append-only file cannot be written.
fn append() -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: Some("aof"),
        at: None,
        observed: "the last write of the append-only file failed".to_owned(),
        impact: "every write is refused now (MISCONF), until the file can be written".to_owned(),
        fix: "make room on its disk, or mend its folder (CONFIG GET dir): it tries again by itself"
            .to_owned(),
        actions: Vec::new(),
        risk: "none".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO aof_last_write_status", "err")],
        confidence: Confidence::High,
    }
}

/// The append-only file cannot be made short again.
fn rewrite() -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("rewrite"),
        at: None,
        observed: "the last rewrite of the append-only file failed".to_owned(),
        impact: "the file grows until the disk is full, and a start takes longer each day".to_owned(),
        fix: "read its log for why: no room for a second file, or no memory to fork; then BGREWRITEAOF".to_owned(),
        actions: Vec::new(),
        risk: "a rewrite forks and writes all data".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO aof_last_bgrewrite_status", "err")],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

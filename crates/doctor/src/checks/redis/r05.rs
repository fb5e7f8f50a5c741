//! R05: nothing keeps the server from taking all memory.
//!
//! Source: the documentation of Redis, "Key eviction" (`maxmemory`) and "Administration": while a snapshot is taken, up to twice the
//! memory is needed, which is why a warning begins at half of what there is.

use super::words::{memory_max, mib, percent, shown};
use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Percent of what the process may hold from which on the lack of a limit is told.
const WARNING: u64 = 50;
const CRITICAL: u64 = 80;

pub(super) static CHECK: Check = Check {
    id: "R05",
    title: "nothing keeps the server from taking all memory",
    severity: Severity::Critical,
    needs: "+info; root on its machine, for the limit of its control group",
    expected: "maxmemory is set where the server holds half of what it may, or is told how to evict",
    guardrail: "maxmemory in the file of settings; alert on redis_memory_used_rss_bytes / limit > 0.8",
    probes: &[
        "INFO: maxmemory, maxmemory_policy, used_memory_rss, total_system_memory",
        "/proc/PID/cgroup, memory.max or memory.limit_in_bytes, where it runs here",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The server is killed by the kernel, or the machine swaps and everything on it is slow; after the restart it grows again.",
        culprit: "maxmemory is 0, the default, so that it takes whatever it is sent. A policy of eviction does nothing then, as it works at the limit only. Or maxmemory is above what its control group or the machine has, which comes to the same.",
        proof: "That there is no limit is no fault while the server is small. Warns from half of what it may hold, which is what a snapshot may take besides; critical from 80 %. What it may hold is the limit of its control group where it runs on this machine, else the memory that the server itself sees. Aspect policy: a policy is set that never comes to act. Aspect above: the limit is above what there is.",
        fix: "CONFIG SET maxmemory to some 60 % of what it may hold, and CONFIG REWRITE. Choose what happens there: noeviction refuses writes, which a store wants; allkeys-lru or allkeys-lfu throws keys away, which only a cache may.",
        cost: "From the limit on writes are refused, or keys are thrown away. A limit below what is used now acts at once: set it above. Undo with CONFIG SET maxmemory 0.",
        lab: "A server in a control group with a limit, filled to more than half of that; mended by setting maxmemory.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let limit: u64 = server.number("maxmemory")?;
    let resident: u64 = server.number("used_memory_rss")?;
    // What a limit is compared with; more than what is resident where pages were swapped out.
    let held = server.number::<u64>("used_memory").ok().map(|used| used.max(resident));
    let (most, whose) = memory_max(server)?;
    let policy = server.field("maxmemory_policy")?;
    let mut faults = Vec::new();
    if limit > most {
        faults.push(above(limit, (held, most), whose));
    }
    if limit == 0 && percent(resident, most) >= WARNING {
        faults.push(unlimited((resident, held), most, whose));
    }
    if limit == 0 && policy != "noeviction" {
        faults.push(idle(policy, held, most));
    }
    let observed = format!(
        "maxmemory is {limit}; it holds {} % of what {whose} has, {}",
        percent(resident, most),
        mib(most)
    );
    Ok(Verdict { observed, faults, unseen: None })
}

/// Some 60 % of what it may hold, in whole megabytes, and a tenth more than it holds now: below that, writes would be refused or keys thrown
/// away at once. Where there is no room for so much, or what it holds is not known, no command is told.
fn advised(most: u64, held: Option<u64>) -> Option<String> {
    let held = held?;
    let wanted = (most / 10 * 6).max(held / 10 * 11);
    let has_room = wanted <= most / 10 * 9;
    has_room.then(|| format!("CONFIG SET maxmemory {}mb", wanted >> 20))
}

/// The command with its undo, or what comes first.
fn limited(most: u64, held: Option<u64>, undo: u64) -> String {
    advised(most, held).map_or_else(
        || "give it more memory, or take keys away, first: a limit below what it holds refuses writes or throws keys away at once".to_owned(),
        |command| format!("{command}; CONFIG REWRITE (undo: CONFIG SET maxmemory {undo})"),
    )
}

/// The same for a machine.
fn actions(most: u64, held: Option<u64>, undo: u64) -> Vec<Action> {
    let command = advised(most, held).into_iter();
    command.map(|it| Action::undone_by(it, format!("CONFIG SET maxmemory {undo}"))).collect()
}

/// There is no limit, and much is taken.
fn unlimited((resident, held): (u64, Option<u64>), most: u64, whose: &str) -> Fault {
    let share = percent(resident, most);
    Fault {
        severity: if share >= CRITICAL { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: None,
        observed: format!(
            "maxmemory is 0, and it holds {} of the {} that {whose} has, {share} %",
            mib(resident),
            mib(most)
        ),
        impact: "when it grows on, or takes a snapshot while much is written, the kernel kills it or the machine swaps".to_owned(),
        fix: limited(most, held, 0),
        actions: actions(most, held, 0),
        risk: "at the limit writes are refused (noeviction) or keys thrown away: choose maxmemory-policy first".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO maxmemory", &0),
            shown("INFO used_memory_rss", &resident),
            shown(&format!("memory of {whose}"), &most),
        ],
        confidence: Confidence::High,
    }
}

/// A policy that never acts.
fn idle(policy: &str, held: Option<u64>, most: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("policy"),
        at: None,
        observed: format!(
            "maxmemory-policy is {policy}, and maxmemory is 0: nothing is ever evicted"
        ),
        impact: "it grows until the kernel kills it, although somebody chose to have it evict"
            .to_owned(),
        fix: limited(most, held, 0),
        actions: actions(most, held, 0),
        risk: "from then on keys are thrown away, as the policy says".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO maxmemory", &0), shown("INFO maxmemory_policy", &policy)],
        confidence: Confidence::High,
    }
}

/// A limit that cannot be reached.
fn above(limit: u64, (held, most): (Option<u64>, u64), whose: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("above"),
        at: None,
        observed: format!("maxmemory is {}, and {whose} has {}", mib(limit), mib(most)),
        impact: "the kernel kills it before its own limit acts".to_owned(),
        fix: limited(most, held, limit) + "; or give it more memory",
        actions: actions(most, held, limit),
        risk: "at the limit writes are refused or keys thrown away, as maxmemory-policy says"
            .to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO maxmemory", &limit),
            shown(&format!("memory of {whose}"), &most),
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

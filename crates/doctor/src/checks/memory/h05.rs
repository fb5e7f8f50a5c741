//! H05: processes were killed in the last day because there was no memory.
//!
//! Source: Linux `mm/oom_kill.c`, what it writes to the log, and `oom_kill` of `/proc/vmstat` (Linux 4.13).

use std::time::Duration;

use std::collections::BTreeMap;

use super::mib;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Kill, Kills, Window};
use crate::words::span;

/// What is longer ago is told as a number only.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

pub(super) static CHECK: Check = Check {
    id: "H05",
    title: "processes were killed in the last 24 h because there was no memory",
    severity: Severity::Critical,
    needs: "root (CAP_SYSLOG where kernel.dmesg_restrict is 1), to read /dev/kmsg",
    expected: "the kernel's log has no kill for want of memory in the last 24 h",
    guardrail: "alert on increase(node_vmstat_oom_kill[1h]) > 0; a limit for each service, so that it is not another one that dies",
    probes: &[
        "/dev/kmsg, to its end, without waiting: lines with oom-kill and Killed process",
        "/proc/vmstat: oom_kill",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A process is gone, or a container was started again with exit status 137, and its own log ends in the middle of a line. A server of PostgreSQL that loses one backend so ends all its sessions and recovers.",
        culprit: "The kernel had no memory left, of the whole machine or of a control group with a limit, and killed the process that held most. That need not be the one that leaks.",
        proof: "Reads the kernel's log and tells each kill of the last 24 h by the time of the log: which group reached its limit, or that the machine had none left; which process died, and how much memory of its own it had. Critical if the machine had none left, as then any process may be the next. The total since the machine was started is told, and no fault. If the log may not be read, or was overwritten since, that is said and not taken for fine; what /proc/vmstat counts between the two looks is told in any case.",
        fix: "Of a group: see what fills it (H34); raise its limit if it needs that, or have its program take less. Of the machine: see what took the memory (the table of tasks above the line in dmesg), and give that a limit of its own. OOMScoreAdjust=-900 in the unit of a database has another process die first; -1000 protects the one that leaks, too.",
        cost: "A limit kills what has it sooner. A protected process leaves fewer others to choose from. Undone by setting them back.",
        lab: "A program in a group of 16 to 40 MiB that takes more, and is killed; the looks a day later find none in the last 24 h.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let memory = window.after.host.memory.seen()?;
    let grown = window.host_growth("oom_kill of /proc/vmstat", |host| {
        Ok(host.memory.seen()?.vmstat.seen()?.get("oom_kill").copied())
    });
    let total = memory.vmstat.seen().ok().and_then(|counters| counters.get("oom_kill").copied());
    let log = match memory.kills.seen() {
        Ok(log) => log,
        Err(blind) => return without_log(grown, blind, window.seconds()),
    };
    let now_ms = window.after.up_ms;
    let mut groups: BTreeMap<Option<&str>, Vec<&Kill>> = BTreeMap::new();
    for kill in log.killed.iter().filter(|kill| kill.up_ms.saturating_add(DAY_MS) > now_ms) {
        let group = if kill.machine { None } else { Some(group(kill)) };
        groups.entry(group).or_default().push(kill);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // What happened last is what somebody looks for.
    groups.sort_by_key(|(_, kills)| std::cmp::Reverse(kills.iter().map(|kill| kill.up_ms).max()));
    let faults = groups.iter().filter_map(|(group, kills)| fault(*group, kills, now_ms)).collect();
    let total_told =
        total.map_or_else(String::new, |total| format!("; {total} since the machine was started"));
    Ok(Verdict {
        observed: format!("no process was killed for want of memory in the last 24 h{total_told}"),
        faults,
        unseen: overwritten(log, total, now_ms),
    })
}

/// The group that reached its limit; of a kernel that does not tell, the one that the process was in.
fn group(kill: &Kill) -> &str {
    kill.limit_of.as_deref().or(kill.group.as_deref()).unwrap_or("a control group")
}

/// Lines that are gone, of kills that were counted.
fn overwritten(log: &Kills, total: Option<u64>, now_ms: u64) -> Option<Blind> {
    let is_short = log.since_up_ms.saturating_add(DAY_MS) > now_ms;
    let missing = total?.checked_sub(log.killed.len() as u64).filter(|missing| *missing > 0)?;
    // A log that begins with the machine has them all, or else they were never written.
    let began_late = log.since_up_ms > 60_000;
    (is_short && began_late).then(|| {
        Blind::Absent(format!(
            "line in the kernel's log of {missing} kills since the machine was started: it goes back {} only",
            ago(now_ms.saturating_sub(log.since_up_ms))
        ))
    })
}

/// What the counter alone says.
fn without_log(grown: Result<u64, Blind>, blind: Blind, seconds: f64) -> Result<Verdict, Blind> {
    let kills = grown.unwrap_or(0);
    if kills == 0 {
        return Err(blind);
    }
    let fault = Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!(
            "{kills} processes were killed for want of memory in {seconds:.1} s; which ones only the kernel's log tells"
        ),
        impact: "what they did is lost, and it happens again as soon as as much is asked for"
            .to_owned(),
        fix: "see dmesg -T | grep -i 'killed process', as root; then what fills the group (H34)"
            .to_owned(),
        actions: Vec::new(),
        risk: "looking costs nothing".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/vmstat oom_kill".to_owned(),
            value: format!("{kills} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed: String::new(), faults: vec![fault], unseen: Some(blind) })
}

fn fault(group: Option<&str>, kills: &[&Kill], now_ms: u64) -> Option<Fault> {
    let last = kills.iter().max_by_key(|kill| kill.up_ms)?;
    let (count, when) = (kills.len(), ago(now_ms.saturating_sub(last.up_ms)));
    let had = last.resident_bytes.map_or_else(String::new, |bytes| format!(" with {}", mib(bytes)));
    let times =
        if count == 1 { "1 process was".to_owned() } else { format!("{count} processes were") };
    let why = group.map_or_else(
        || "the machine had no memory left".to_owned(),
        |group| format!("{group} was at its limit"),
    );
    let evidence = kills.iter().rev().take(5).map(|kill| Evidence {
        probe: format!("/dev/kmsg at {} s", kill.up_ms / 1_000),
        value: format!(
            "{} killed in {}",
            kill.victim,
            kill.group.as_deref().unwrap_or("a group that the log does not name")
        ),
    });
    Some(Fault {
        severity: if group.is_some() { Severity::Warning } else { Severity::Critical },
        aspect: Some(if group.is_some() { "group" } else { "machine" }),
        at: group.map(str::to_owned),
        observed: format!("{times} killed in the last 24 h as {why}, the last {when} ago: {}{had}", last.victim),
        impact: match group {
            Some(_) => "what it did is lost; what is started in its place meets the same limit".to_owned(),
            None => "what it did is lost; the next time any process may be the one, a database as well".to_owned(),
        },
        fix: match group {
            Some(group) => format!(
                "see what fills {group} (H34); raise its limit where it is set (MemoryMax= of the unit, --memory of the container, resources.limits.memory of the Pod) or have its program take less"
            ),
            None => "see in dmesg, above the line, which processes held the memory; give the one that should not have it a limit of its own (MemoryMax= of its unit)".to_owned(),
        },
        actions: Vec::new(),
        risk: "a higher limit takes memory from the rest of the machine; a limit of its own has that process die sooner".to_owned(),
        reversible: true,
        evidence: evidence.collect(),
        confidence: Confidence::High,
    })
}

/// `40 s`, `7 min`, `5 h`.
fn ago(ms: u64) -> String {
    span(Duration::from_secs(ms / 1_000))
}

#[cfg(test)]
mod tests;

//! H04: a fork fails, or may fail, because the kernel does not promise as much memory.
//!
//! Source: Linux Documentation/mm/overcommit-accounting.rst; the administration notes of Redis, which ask for 1; the chapter "Linux Memory
//! Overcommit" of the documentation of PostgreSQL, which advises 2. With 2 a fork needs the parent's private memory once more, in
//! promises, below `CommitLimit`.

use super::mib;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Kind, Known, Memory, Window};

/// With 2: above so many percent of what may be promised every fork on the machine is about to fail. That is a choice.
const PROMISED: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H04",
    title: "a fork of a server fails, or may, because the kernel does not promise it memory",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "vm.overcommit_memory is 1 beside Redis; where it is 2, more is left to promise than a fork needs",
    guardrail: "vm.overcommit_memory=1 in /etc/sysctl.d beside Redis; alert on rdb_last_bgsave_status",
    probes: &[
        "/proc/sys/vm/overcommit_memory",
        "/proc/meminfo: CommitLimit, Committed_AS, MemAvailable",
        "/proc/PID/comm and /proc/PID/status: VmRSS, of servers that are known by their names",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Redis logs \"Can't save in background: fork: Cannot allocate memory\" and then refuses writes, or PostgreSQL \"could not fork new process for connection\", while free shows memory.",
        culprit: "A fork promises the child a copy of the parent's private memory, though almost none is copied. With vm.overcommit_memory 2 the kernel counts promises, and refuses those above CommitLimit (half of the memory and the swap, unless it is set). With 0 it guesses, and refuses what is obviously too much: before Linux 5.2 more than is free.",
        proof: "Only beside processes of Redis or Valkey, and with 2 of PostgreSQL. With 2: critical if less is left to promise than a process of Redis has resident, as its next fork fails; a warning above 90 % of CommitLimit. With 0: information, and a warning if a process of Redis has more resident than the machine has available, so that its copy may not fit either.",
        fix: "Beside Redis: sysctl -w vm.overcommit_memory=1, and the same in /etc/sysctl.d. Where 2 is wanted for PostgreSQL: raise vm.overcommit_ratio, or add swap, which is counted and need not be used.",
        cost: "With 1 nothing is refused, and when memory is really used up a process is killed instead. Undone by setting it back.",
        lab: "A server of Redis while vm.overcommit_memory is 0; mended by setting it to 1. That with 2 is shown by tests only: a lab of it would have all other programs of the machine fail.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let servers = host.processes.seen()?.servers.seen()?;
    let memory = host.memory.seen()?;
    let of = |kind: Kind| servers.iter().filter(move |it| it.kind == kind);
    let mode = *memory.overcommit.seen()?;
    let is_here = of(Kind::Redis).next().is_some();
    let forks = is_here || (mode == 2 && of(Kind::Postgres).next().is_some());
    if !forks {
        return Err(Blind::OutOfPlace("no server runs here that forks much memory".to_owned()));
    }
    let mut largest: Option<(&Known, u64)> = None;
    for redis in of(Kind::Redis) {
        let pid = redis.process.pid;
        let absent = || Blind::Absent(format!("VmRSS in /proc/{pid}/status"));
        let bytes = redis.resident_bytes.ok_or_else(absent)?;
        largest = largest.filter(|(_, other)| *other >= bytes).or(Some((redis, bytes)));
    }
    let faults = match mode {
        2 => promised(memory, largest)?,
        0 => largest.map(|largest| guessed(memory, largest)).transpose()?,
        _ => None,
    };
    Ok(Verdict {
        observed: format!("vm.overcommit_memory is {mode}"),
        faults: faults.into_iter().collect(),
        unseen: None,
    })
}

/// With 0.
fn guessed(memory: &Memory, (redis, resident): (&Known, u64)) -> Result<Fault, Blind> {
    let available = memory.size("MemAvailable")?;
    let is_short = resident > available;
    Ok(Fault {
        severity: if is_short { Severity::Warning } else { Severity::Info },
        observed: format!(
            "vm.overcommit_memory is 0 beside {} with {} resident; {} are available",
            redis.process,
            mib(resident),
            mib(available)
        ),
        impact: if is_short {
            "its next snapshot or rewrite may fail to fork, or its copy may not fit; then it refuses writes".to_owned()
        } else {
            "nothing now; when it has grown above what is available its fork may fail".to_owned()
        },
        fix: "sysctl -w vm.overcommit_memory=1 (undo: 0), and the same in /etc/sysctl.d".to_owned(),
        evidence: vec![evidence("/proc/sys/vm/overcommit_memory", "0".to_owned())],
        ..fault(Some(redis))
    })
}

/// With 2.
fn promised(memory: &Memory, redis: Option<(&Known, u64)>) -> Result<Option<Fault>, Blind> {
    let (limit, promised) = (memory.size("CommitLimit")?, memory.size("Committed_AS")?);
    let left = limit.saturating_sub(promised);
    let proof =
        || vec![evidence("/proc/meminfo", format!("CommitLimit {limit}, Committed_AS {promised}"))];
    if let Some((redis, resident)) = redis.filter(|(_, resident)| *resident > left) {
        return Ok(Some(Fault {
            severity: Severity::Critical,
            observed: format!(
                "vm.overcommit_memory is 2 with {} left to promise, and {} has {} resident",
                mib(left),
                redis.process,
                mib(resident)
            ),
            impact: "its next snapshot or rewrite cannot fork; then it refuses writes".to_owned(),
            evidence: proof(),
            ..fault(Some(redis))
        }));
    }
    let is_full = promised.saturating_mul(100) > limit.saturating_mul(PROMISED);
    Ok(is_full.then(|| Fault {
        severity: Severity::Warning,
        observed: format!(
            "vm.overcommit_memory is 2, and {} of {} are promised, {} %",
            mib(promised),
            mib(limit),
            promised.saturating_mul(100) / limit.max(1)
        ),
        impact: format!(
            "after {} more every fork and every allocation on the machine fails, new sessions of PostgreSQL as well",
            mib(left)
        ),
        evidence: proof(),
        ..fault(None)
    }))
}

/// What all have in common; the fix is that of mode 2.
fn fault(redis: Option<&Known>) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: None,
        at: redis.map(|redis| format!("pid {}", redis.process.pid)),
        observed: String::new(),
        impact: String::new(),
        fix: "raise vm.overcommit_ratio (undo: the old value; 50 is the default) or add swap; beside Redis alone sysctl -w vm.overcommit_memory=1 (undo: 2)".to_owned(),
        actions: Vec::new(),
        risk: "the more is promised, the sooner a process is killed when it is really used".to_owned(),
        reversible: true,
        evidence: Vec::new(),
        confidence: Confidence::High,
    }
}

fn evidence(probe: &str, value: String) -> Evidence {
    Evidence { probe: probe.to_owned(), value }
}

#[cfg(test)]
mod tests;

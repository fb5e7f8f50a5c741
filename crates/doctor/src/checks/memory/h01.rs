//! H01: huge pages are given to a process that is known to suffer from them.
//!
//! Source: Linux Documentation/admin-guide/mm/transhuge.rst; Redis documentation, "Diagnosing latency issues", and `disable-thp` of
//! redis.conf (6.2); the production notes of MongoDB, which ask for `never` before 8.0 and for `always` from 8.0 on.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Kind, Known, Window};

const PATH: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

pub(super) static CHECK: Check = Check {
    id: "H01",
    title: "huge pages are given to a process that is known to suffer from them",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "transparent_hugepage is madvise or never, or the processes that suffer from it have it switched off",
    guardrail: "transparent_hugepage=madvise on the kernel's command line; disable-thp yes in redis.conf",
    probes: &[
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/proc/PID/comm, and /proc/PID/status: THP_enabled, of servers that are known by their names",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A server of Redis answers late by tens or hundreds of milliseconds after each snapshot or rewrite begins, and takes far more memory then than its data has.",
        culprit: "With always the kernel backs all memory with pages of 2 MiB where it can. After a fork, which Redis does for each snapshot, a write to a single byte copies 2 MiB instead of 4 KiB, and most of its memory is copied within moments.",
        proof: "A warning only if always is chosen and a process of Redis or Valkey runs without having switched it off for itself, which /proc/PID/status tells as THP_enabled (Linux 5.0). Redis switches it off since 6.2. For mongod it is information, as MongoDB asks for never before 8.0 and for always from 8.0 on. Without such a process always is information.",
        fix: "Let Redis switch it off: disable-thp yes in redis.conf, and restart it; or madvise for the machine, which gives huge pages to those that ask for them, and takes effect for memory that is taken from then on.",
        cost: "What gains from huge pages without asking for them, such as a Java machine without its own setting, loses a few percent. Undone by writing always.",
        lab: "A server of Redis with disable-thp no while always is chosen; mended by choosing madvise.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let chosen = host.memory.seen()?.huge_pages.seen()?;
    let observed = format!("transparent_hugepage is {chosen}");
    if chosen != "always" {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let servers = host.processes.seen()?.servers.seen()?;
    let suffering = servers.iter().filter(|it| matches!(it.kind, Kind::Redis | Kind::Mongo));
    let (mut faults, mut unseen) = (Vec::new(), None);
    for server in suffering {
        match server.huge_pages {
            Some(true) => faults.push(fault(server)),
            Some(false) => {}
            None => {
                let what =
                    format!("THP_enabled in /proc/{}/status: Linux 5.0 has it", server.process.pid);
                unseen = Some(Blind::Absent(what));
            }
        }
    }
    if faults.is_empty() && unseen.is_none() {
        faults.push(nobody());
    }
    Ok(Verdict { observed, faults, unseen })
}

fn fault(server: &Known) -> Fault {
    let (process, pid) = (&server.process, server.process.pid);
    let is_redis = server.kind == Kind::Redis;
    Fault {
        severity: if is_redis { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: Some(format!("pid {pid}")),
        observed: format!("transparent_hugepage is always, and {process} takes huge pages"),
        impact: if is_redis {
            "during each snapshot or rewrite a write copies 2 MiB: it answers late, and takes up to twice its memory".to_owned()
        } else {
            "before MongoDB 8.0 it answers late and takes more memory; from 8.0 on it is what MongoDB asks for".to_owned()
        },
        fix: if is_redis {
            format!(
                "disable-thp yes in redis.conf (6.2 or later) and restart it; or echo madvise > {PATH} (undo: always)"
            )
        } else {
            format!("before 8.0: echo madvise > {PATH} (undo: always), and restart it")
        },
        actions: Vec::new(),
        risk: "what gains from huge pages without asking for them loses a few percent".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: PATH.to_owned(), value: "[always]".to_owned() },
            Evidence { probe: format!("/proc/{pid}/status"), value: "THP_enabled: 1".to_owned() },
        ],
        confidence: if is_redis { Confidence::High } else { Confidence::Low },
    }
}

fn nobody() -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: None,
        at: None,
        observed: "transparent_hugepage is always; no process that is known to suffer from it takes them".to_owned(),
        impact: "nothing now; a Redis before 6.2 that is started here would answer late during its snapshots".to_owned(),
        fix: format!("none is needed; echo madvise > {PATH} (undo: always) gives them to those only that ask"),
        actions: Vec::new(),
        risk: "what gains from huge pages without asking for them loses a few percent".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: PATH.to_owned(), value: "[always]".to_owned() }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

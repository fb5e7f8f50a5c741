//! H06: a control group runs out of the memory that it may have: its processes are held up or killed.
//!
//! Source: Linux Documentation/admin-guide/cgroup-v2.rst, `memory.events` and `memory.high`; cgroup-v1/memory.rst,
//! `memory.oom_control`. `memory.failcnt` of version 1 and `max` of version 2 count whenever page cache makes room for other page
//! cache at the limit, and are no fault. Nor is `high` alone: it holds up only as long as reclaim does not keep up, which
//! `memory.pressure` tells.

use super::{Twice, file, raise, twice};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::memory::mib;
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{MemoryEvents, MemoryGroup, Window};

/// From so much of the last 10 s on that a task of the group waited for memory, in hundredths of a percent, being above
/// `memory.high` is felt. No maintained source names a number; it is the one that H03 asks of the whole machine.
const PRESSURE: u32 = 500;

pub(super) static CHECK: Check = Check {
    id: "H06",
    title: "processes of a control group are killed or held up because it has no memory left",
    severity: Severity::Critical,
    needs: "nothing; root, where groups of others may not be read",
    expected: "oom and oom_kill of no group grow, no group is under_oom, and none waits for memory above memory.high",
    guardrail: "alert on increase(container_oom_events_total[5m]) > 0; H34 tells before",
    probes: &[
        "/sys/fs/cgroup: memory.events.local (memory.events before Linux 5.2), memory.pressure, memory.high and memory.max of each group of version 2",
        "/sys/fs/cgroup/memory: memory.oom_control of each group of version 1",
    ],
    proof: Proof::Lab,
    catalogue: &["cgroup-oom-below-limit", "psi-memory-high-p99"],
    page: Page {
        symptom: "A container restarts with exit status 137, or a worker of it is gone and nothing in its log says why; or its slowest requests become slower and slower, though nothing is killed and the machine has memory left.",
        culprit: "A control group may have so much memory, and the kernel keeps it to that whatever the machine has left. At memory.max (limit_in_bytes with version 1) it gives back page cache, and where there is none it kills. At memory.high, which systemd calls MemoryHigh and Kubernetes may set, it kills nothing, but makes each process that asks for memory give some back first, and sleep.",
        proof: "Counts over the two looks: with version 2 oom, oom_kill and high of memory.events.local, with version 1 oom_kill of memory.oom_control, and under_oom, which says that its processes stand still now. memory.failcnt and max are not counted, as page cache alone makes them grow. A growth of high is a warning if memory.pressure says that a task waited for at least 5 % of the last 10 s, and information if it was less; where the kernel keeps no pressure it is a warning of low confidence.",
        fix: "See what fills the group (H34). If it needs that, raise the limit where it is set; if it leaks, mend the leak, as a higher limit only takes longer. A server with a cache of its own is told to take less: shared_buffers, innodb_buffer_pool_size, maxmemory, -Xmx.",
        cost: "A higher limit takes memory from the other groups; the sum of the limits should not be above what the machine has. It takes effect at once, and is undone by writing the old one, which kills if more is used by then.",
        lab: "A program in a group of 16 to 40 MiB that takes more; mended by its being gone, as nothing grows any more. memory.high is of version 2, which a machine with version 1 does not have: a recording of Linux 6.1 shows it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let both = twice(window, |groups| &groups.memory, |group| &group.path)?;
    let seconds = window.seconds();
    let faults = both.groups.iter().flat_map(|group| {
        [stuck(group.after), killed(group, seconds), held_up(group, seconds)].into_iter().flatten()
    });
    let faults: Vec<Fault> = faults.collect();
    // A kernel before 4.13 does not count what it kills.
    let blind = both.groups.iter().find(|it| it.after.events.oom_kill.is_none());
    let blind = blind.map(|it| Blind::Absent(format!("oom_kill of {}", it.after.path)));
    Ok(Verdict {
        observed: format!(
            "nothing was killed or held up in {seconds:.1} s in {}",
            both.all.told("")
        ),
        faults,
        unseen: both.unseen.or(blind),
    })
}

/// Its processes stand still.
fn stuck(group: &MemoryGroup) -> Option<Fault> {
    (group.events.under_oom == Some(true)).then(|| Fault {
        observed: format!(
            "{} is at its limit{}, and its processes wait for memory",
            group.path,
            of_limit(group)
        ),
        impact: "they stand still until one of them ends or the limit is raised: killing is switched off there, or just begins".to_owned(),
        evidence: vec![Evidence {
            probe: file(group, "memory.oom_control", "memory.events.local"),
            value: "under_oom 1".to_owned(),
        }],
        ..fault(group, Severity::Critical)
    })
}

fn killed(group: &Twice<'_, MemoryGroup>, seconds: f64) -> Option<Fault> {
    let grown = |of: fn(&MemoryEvents) -> Option<u64>| group.growth(|group| of(&group.events));
    let (kills, ooms) = (grown(|it| it.oom_kill).unwrap_or(0), grown(|it| it.oom).unwrap_or(0));
    let group = group.after;
    let what = match (kills, ooms) {
        (0, 0) => return None,
        (0, ooms) => format!("was {ooms} times without memory"),
        (1, _) => "lost a process".to_owned(),
        (kills, _) => format!("lost {kills} processes"),
    };
    Some(Fault {
        aspect: Some("killed"),
        observed: format!("{} {what} in {seconds:.1} s{}", group.path, of_limit(group)),
        impact:
            "what the process did is lost, and what is started in its place meets the same limit"
                .to_owned(),
        evidence: vec![Evidence {
            probe: file(group, "memory.oom_control", "memory.events.local"),
            value: format!("oom_kill {kills} more, oom {ooms} more in {seconds:.1} s"),
        }],
        ..fault(group, Severity::Critical)
    })
}

fn held_up(group: &Twice<'_, MemoryGroup>, seconds: f64) -> Option<Fault> {
    let times = group.growth(|group| group.events.high).filter(|times| *times > 0)?;
    let group = group.after;
    let (severity, confidence) = match group.pressure {
        Some(stall) if stall.avg10 >= PRESSURE => (Severity::Warning, Confidence::High),
        Some(_) => (Severity::Info, Confidence::High),
        None => (Severity::Warning, Confidence::Low),
    };
    let waited = group.pressure.map_or_else(
        || "how long is not told by this kernel".to_owned(),
        |stall| format!("a task waited for {:.1} % of the last 10 s", stall.percent10()),
    );
    let high = group.high_bytes.map_or_else(|| "its bound".to_owned(), mib);
    let fix = group.high_bytes.map(|high| {
        format!(
            "see what fills it (H34); if it needs that, echo {} > {} (undo: {high}), and MemoryHigh= of the unit",
            high.saturating_add(high / 2),
            file(group, "memory.high", "memory.high"),
        )
    });
    let without_bound =
        "a group below it has memory.high: see cat memory.events.local there".to_owned();
    Some(Fault {
        aspect: Some("high"),
        observed: format!(
            "{} was held up {times} times above memory.high, {high}, in {seconds:.1} s; {waited}",
            group.path
        ),
        impact: "its processes sleep where they ask for memory, so its slowest requests become slower; nothing is killed, and no log tells".to_owned(),
        fix: fix.unwrap_or(without_bound),
        evidence: vec![Evidence {
            probe: file(group, "memory.high", "memory.events.local"),
            value: format!("high {times} more in {seconds:.1} s"),
        }],
        confidence,
        ..fault(group, severity)
    })
}

/// What all have in common.
fn fault(group: &MemoryGroup, severity: Severity) -> Fault {
    let more = group.limit_bytes.map_or_else(
        || {
            "raise the limit of the group above it, which has one: see oom of its memory.events"
                .to_owned()
        },
        |limit| raise(group, limit),
    );
    Fault {
        severity,
        aspect: None,
        at: Some(group.path.clone()),
        observed: String::new(),
        impact: String::new(),
        fix: format!("see what fills it (H34); if it needs that, {more}"),
        actions: Vec::new(),
        risk: "a higher limit takes memory from the rest of the machine; if it leaks, it only takes longer".to_owned(),
        reversible: true,
        evidence: Vec::new(),
        confidence: Confidence::High,
    }
}

fn of_limit(group: &MemoryGroup) -> String {
    group.limit_bytes.map_or_else(String::new, |limit| format!(", of {}", mib(limit)))
}

#[cfg(test)]
mod tests;

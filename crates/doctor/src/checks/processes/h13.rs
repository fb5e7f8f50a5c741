//! H13: threads and processes of the machine, or of a control group, are about to reach their limit.
//!
//! Source: `Documentation/admin-guide/sysctl/kernel.rst` (`pid_max`, `threads-max`), `Documentation/admin-guide/cgroup-v2.rst` (`pids.max`), systemd.resource-control(5)
//! on `TasksMax=`; the thresholds are those of the node mixin for descriptors.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{GroupCount, Use, Window};

/// Percent of what may be from which on it is told of.
const WARNING: u64 = 70;
const CRITICAL: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H13",
    title: "threads and processes are about to reach their limit",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "less than 70 % of kernel.threads-max, kernel.pid_max and of each control group's pids.max are taken",
    guardrail: "alert on node_processes_threads / node_processes_max_threads > 0.7 and on pids.events; TasksMax= in the unit",
    probes: &[
        "/proc/loadavg: how many threads there are",
        "/proc/sys/kernel/threads-max and pid_max",
        "/sys/fs/cgroup: pids.current and pids.max of each group, of either version",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "\"Resource temporarily unavailable\" (EAGAIN) from fork, \"unable to create new native thread\" from Java, ssh that lets nobody in; with memory and processors to spare.",
        culprit: "Each thread takes a number and counts for its control group. systemd gives each service 15 % of the machine's limit unless told (TasksMax=), containers have what their engine or kubelet gives (podPidsLimit). Something starts a thread or a process for each request, or never asks after children that have ended (N06).",
        proof: "The kernel's own counts against its limits: all threads against threads-max and pid_max, and of each control group pids.current against pids.max. A group counts all below it. Warns from 70 %, critical from 90 %. In a container the groups above it are not seen.",
        fix: "See what they are: ps -eLf, or cat cgroup.procs of that group. If it leaks them, mend that. Else raise the limit: systemctl set-property UNIT TasksMax=N for a service, sysctl -w kernel.pid_max=4194304 or kernel.threads-max for the machine.",
        cost: "A thread takes 16 KiB of kernel memory and its stack as far as it is used. A higher limit lets one service starve the others of them. Undone by setting the old number.",
        lab: "A control group that may have few tasks and has most of them; mended by ending them.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let counts = window.after.host.processes.seen()?.counts.seen()?;
    let machine = [
        ("kernel.threads-max", "threads", counts.threads.seen()),
        ("kernel.pid_max", "numbers", counts.numbers.seen()),
    ];
    let mut faults = Vec::new();
    let (mut observed, mut unseen) = (String::new(), None);
    for (setting, aspect, seen) in machine {
        match seen {
            Ok(taken) => {
                faults.extend(of_machine(setting, aspect, *taken));
                observed = format!("{} threads, {} % of {setting}", taken.used, taken.share());
            }
            Err(blind) => unseen = unseen.or(Some(blind)),
        }
    }
    match counts.groups.seen() {
        Ok(groups) => faults.extend(groups.iter().filter_map(of_group)),
        // A machine without them has no such limits.
        Err(Blind::Absent(_)) => {}
        Err(blind) => unseen = unseen.or(Some(blind)),
    }
    Ok(Verdict { observed, faults, unseen })
}

fn severity(taken: Use) -> Option<Severity> {
    match taken.share() {
        CRITICAL.. => Some(Severity::Critical),
        WARNING.. => Some(Severity::Warning),
        _ => None,
    }
}

fn of_machine(setting: &str, aspect: &'static str, taken: Use) -> Option<Fault> {
    let severity = severity(taken)?;
    let Use { used, most } = taken;
    let raised = most.saturating_mul(2);
    Some(Fault {
        severity,
        aspect: Some(aspect),
        at: Some(setting.to_owned()),
        observed: format!(
            "the machine has {used} threads, {} % of {setting} = {most}",
            taken.share()
        ),
        impact: format!(
            "after {} more nothing can be started on the whole machine (EAGAIN)",
            most.saturating_sub(used)
        ),
        fix: format!(
            "see who has them: ps -eo nlwp,pid,comm --sort -nlwp | head; if they are needed, sysctl -w {setting}={raised} (undo: {most})"
        ),
        actions: Vec::new(),
        risk: "each thread takes 16 KiB of kernel memory; if they leak it only takes longer"
            .to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "/proc/loadavg".to_owned(), value: format!("{used} threads") },
            Evidence { probe: setting.to_owned(), value: most.to_string() },
        ],
        confidence: Confidence::High,
    })
}

fn of_group(count: &GroupCount) -> Option<Fault> {
    let GroupCount { group, tasks } = count;
    let severity = severity(*tasks)?;
    let Use { used, most } = *tasks;
    let raised = most.saturating_mul(2);
    let unit = group
        .rsplit('/')
        .find(|it| [".service", ".scope", ".slice"].iter().any(|end| it.ends_with(end)));
    let raise = unit.map_or_else(
        || format!("have whoever made the group raise its pids.max to {raised}"),
        |unit| format!("systemctl set-property --runtime {} TasksMax={raised}, until it is started anew; for good in its unit", quoted(unit)),
    );
    Some(Fault {
        severity,
        aspect: Some("group"),
        at: Some(format!("group {group}")),
        observed: format!("{used} of {most} tasks, {} %, are taken in {group}", tasks.share()),
        impact: format!(
            "after {} more nothing can be started in it (EAGAIN)",
            most.saturating_sub(used)
        ),
        fix: format!(
            "see what they are: cgroup.threads or tasks of the group; if they are needed, {raise} (undo: {most})"
        ),
        actions: unit
            .map(|unit| {
                let set =
                    |it| format!("systemctl set-property --runtime {} TasksMax={it}", quoted(unit));
                Action::undone_by(set(raised), set(most))
            })
            .into_iter()
            .collect(),
        risk: "each thread takes 16 KiB of kernel memory; if they leak it only takes longer"
            .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pids.current and pids.max of {group}"),
            value: format!("{used} of {most}"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

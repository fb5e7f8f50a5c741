//! H07: tasks wait for memory, for disks or for processors, for a part of the last minute.
//!
//! Source: Linux Documentation/accounting/psi.rst. Sixty percent of `full` for memory is where systemd-oomd begins to kill
//! (oomd.conf(5), `DefaultMemoryPressureLimit`). No maintained source names a number below that: a tenth of the time is this
//! project's choice.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pressure, Probed, Stall, Window};

/// Of the last minute, in hundredths of a percent: some task waited for memory; all did.
const MEMORY_SOME: u32 = 1_000;
const MEMORY_FULL: u32 = 6_000;

/// All tasks waited for disks; some waited for a processor. Both are what a backup and a build look like: only information.
const IO_FULL: u32 = 5_000;
const CPU_SOME: u32 = 5_000;

pub(super) static CHECK: Check = Check {
    id: "H07",
    title: "tasks wait for memory, disks or processors for a large part of the time",
    severity: Severity::Critical,
    needs: "nothing; a kernel with PSI, which some start only with psi=1",
    expected: "over the last minute no task waited for memory in 10 % of the time",
    guardrail: "alert on rate(node_pressure_memory_waiting_seconds_total[1m]) > 0.1",
    probes: &["/proc/pressure/memory, /proc/pressure/io and /proc/pressure/cpu: avg60"],
    proof: Proof::Lab,
    catalogue: &["psi-memory-high-p99"],
    page: Page {
        symptom: "Everything becomes slow at times, although nothing is killed, memory looks half free and the load looks as ever.",
        culprit: "Tasks do not run because they wait: for memory that has to be given back or swapped in first, for a disk, or for a processor. The kernel keeps the part of the time in which at least one task waited (some), and in which all that had something to do did (full).",
        proof: "The averages over the last minute. Memory: a warning from 10 % of some on, critical from 60 % of full, where systemd-oomd begins to kill. Disks from 50 % of full, and processors from 50 % of some, are information: a backup or a build on a machine that does nothing else looks the same. Who waits for a processor is H35.",
        fix: "Memory: see which group: cat memory.pressure in /sys/fs/cgroup, and H06, H34, H36; swap: H03. Disks: see iostat -x 1 and pidstat -d 1. Processors: H35 and H08.",
        cost: "Looking costs nothing.",
        lab: "Six programs in a group of 24 to 39 MiB that go round twelve times as much memory, with a file as swap, until some task waited for 10 % of the last minute; mended by ending them.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let pressure = &window.after.host.memory.seen()?.pressure;
    let (mut faults, mut told, mut unseen) = (Vec::new(), Vec::new(), None);
    let parts: [(&str, &Probed<Pressure>, Judge); 3] = [
        ("memory", &pressure.memory, memory),
        ("io", &pressure.io, io),
        ("cpu", &pressure.cpu, cpu),
    ];
    for (what, pressure, judge) in parts {
        match pressure.seen() {
            Ok(pressure) => {
                told.push(format!("for {what} {:.1} %", pressure.some.percent60()));
                faults.extend(judge(pressure));
            }
            Err(blind) => unseen = unseen.or(Some(blind)),
        }
    }
    Ok(Verdict {
        observed: format!("some task waited {} of the last minute", told.join(", ")),
        faults,
        unseen,
    })
}

type Judge = fn(&Pressure) -> Option<Fault>;

fn memory(pressure: &Pressure) -> Option<Fault> {
    let all = pressure.full.is_some_and(|full| full.avg60 >= MEMORY_FULL);
    if !all && pressure.some.avg60 < MEMORY_SOME {
        return None;
    }
    Some(Fault {
        impact: if all {
            "the machine does little else than look for memory; where systemd-oomd runs it kills now".to_owned()
        } else {
            "requests that ask for memory take longer; with a little more of it processes are killed".to_owned()
        },
        fix: "see which group waits: grep some /sys/fs/cgroup/*/memory.pressure /sys/fs/cgroup/*/*/memory.pressure (version 2); then what fills it (H34), what churns (H36), what swaps (H03)".to_owned(),
        ..fault(if all { Severity::Critical } else { Severity::Warning }, "memory", pressure)
    })
}

fn io(pressure: &Pressure) -> Option<Fault> {
    (pressure.full?.avg60 >= IO_FULL).then(|| Fault {
        impact: "what reads or writes the disk takes longer; all of it waits at once".to_owned(),
        fix: "see which disk and which process: iostat -x 1, pidstat -d 1".to_owned(),
        ..fault(Severity::Info, "io", pressure)
    })
}

fn cpu(pressure: &Pressure) -> Option<Fault> {
    (pressure.some.avg60 >= CPU_SOME).then(|| Fault {
        impact: "what wants to run waits first; H35 tells which processes".to_owned(),
        fix: "see which processes wait (H35) and which take the time: pidstat 1".to_owned(),
        ..fault(Severity::Info, "cpu", pressure)
    })
}

fn fault(severity: Severity, what: &'static str, pressure: &Pressure) -> Fault {
    let full = pressure
        .full
        .map_or_else(String::new, |full| format!(", all of them for {:.1} %", full.percent60()));
    let raw = |kind: &str, stall: Stall| {
        format!("{kind} avg10={:.2} avg60={:.2}", stall.percent10(), stall.percent60())
    };
    let values = [Some(raw("some", pressure.some)), pressure.full.map(|full| raw("full", full))];
    Fault {
        severity,
        aspect: Some(what),
        at: Some(what.to_owned()),
        observed: format!(
            "some task waited for {what} for {:.1} % of the last minute{full}",
            pressure.some.percent60()
        ),
        impact: String::new(),
        fix: String::new(),
        actions: Vec::new(),
        risk: "looking costs nothing".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("/proc/pressure/{what}"),
            value: values.into_iter().flatten().collect::<Vec<_>>().join("; "),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

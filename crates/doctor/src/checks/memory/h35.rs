//! H35: a process could run and does not, because no processor is free.
//!
//! Source: Linux Documentation/scheduler/sched-stats.rst, `/proc/PID/schedstat`; Documentation/accounting/psi.rst.

use std::collections::BTreeMap;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pressure, Runner, Window};

/// Above so many percent of the time that it could run a process is told of, if it waited.
const WAITED: u64 = 20;

/// It is told of if it waited so many percent of the window at least: one that hardly runs cannot be slowed down much.
const OF_WINDOW: u64 = 10;

/// Of the last 10 s some task waited for a processor for more than this, in hundredths of a percent.
const PRESSURE: u32 = 1_000;

/// A shorter window shows single waits, not whether it waits.
const SECONDS_LEAST: f64 = 0.95;

/// Those that waited the largest part are told, so many.
const TOLD_MAX: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "H35",
    title: "processes wait for a processor instead of running",
    severity: Severity::Warning,
    needs: "nothing; a kernel with PSI, which some start only with psi=1",
    expected: "no process waits for a processor for more than 20 % of the time that it could run",
    guardrail: "alert on rate(node_pressure_cpu_waiting_seconds_total[5m]) > 0.1",
    probes: &[
        "/proc/PID/task/TID/schedstat: how long each thread ran and waited, of at most 5,000 threads, 50,000 with a deep look",
        "/proc/PID/statm and /proc/PID/comm",
        "/proc/pressure/cpu: some avg10",
    ],
    proof: Proof::Lab,
    catalogue: &["ebpf-offcpu-waiting", "cpu-runqueue-latency"],
    page: Page {
        symptom: "Requests are slow although the program takes little processor time; its own profile shows nothing, as it does not run in the time that is lost.",
        culprit: "A thread that could run waits in the run queue of a processor: because more threads want to run than there are processors, for a moment or all the time; because it is bound to some processors (taskset, cpuset); or because its control group is stopped (H08).",
        proof: "The kernel counts for each thread how long it ran and how long it was ready and waited. Fails for a process that over a second or more waited above 20 % of the time that it could run, and for a tenth of the window at least, all its threads together, if some task of the machine waited for a processor for more than a tenth of the last 10 s. Names the five that waited the largest part. The load average does not tell this: it counts waits for disks, too.",
        fix: "See whether its group is stopped by its quota: H08. See what takes the processors: pidstat 1, and give that less (nice, CPUWeight= of its unit, requests.cpu of the Pod) or move it. If the process has more threads that run than there are processors, give it fewer. Else it needs more processors.",
        cost: "A lower weight makes the other slower while processors are short, and costs nothing else. Undone by setting it back.",
        lab: "Five to eight programs that never rest, bound to one processor; mended by ending them.",
    },
    rule: Rule::Host(rule),
};

/// What a process did in the window.
#[derive(Debug)]
struct Turn<'w> {
    runner: &'w Runner,
    ran_ns: u64,
    waited_ns: u64,
}

impl Turn<'_> {
    /// Percent of the time that it could run.
    fn share(&self) -> u64 {
        let ready = self.ran_ns.saturating_add(self.waited_ns);
        self.waited_ns.saturating_mul(100).checked_div(ready).unwrap_or(0)
    }

    fn is_above(&self) -> bool {
        let ready = self.ran_ns.saturating_add(self.waited_ns);
        self.waited_ns.saturating_mul(100) > ready.saturating_mul(WAITED)
    }
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let seconds = window.seconds();
    if window.before.host.boot != window.after.host.boot {
        let what = "growth of schedstat: the machine was started anew between the looks";
        return Err(Blind::Absent(what.to_owned()));
    }
    let memory = window.after.host.memory.seen()?;
    let mut waiting = waiting(window)?;
    if seconds < SECONDS_LEAST {
        return Err(Blind::Absent(format!("window of a second: it is {seconds:.2} s")));
    }
    let window_ms = ms(seconds);
    waiting.retain(|it| {
        let is_long = it.waited_ns / 1_000_000 >= window_ms.saturating_mul(OF_WINDOW) / 100;
        is_long && it.is_above()
    });
    let left_out = memory.runners.seen()?.left_out;
    let unseen = (left_out > 0).then(|| {
        Blind::Denied(format!("a deep look, for {left_out} processes with very many threads"))
    });
    let observed = format!(
        "no process waited for a processor above {WAITED} % of the time that it could run, in {seconds:.1} s"
    );
    if waiting.is_empty() {
        return Ok(Verdict { observed, faults: Vec::new(), unseen });
    }
    let pressure = memory.pressure.cpu.seen()?;
    if pressure.some.avg10 <= PRESSURE {
        let observed = format!(
            "some process waited, but no task for more than {:.1} % of the last 10 s",
            pressure.some.percent10()
        );
        return Ok(Verdict { observed, faults: Vec::new(), unseen });
    }
    waiting.sort_by_key(|it| std::cmp::Reverse((it.share(), it.waited_ns)));
    let (all, cpus) = (waiting.len(), window.after.host.cpus);
    let told = waiting.iter().take(TOLD_MAX);
    let faults = told.map(|it| fault(it, pressure, seconds, (all, cpus))).collect();
    Ok(Verdict { observed, faults, unseen })
}

/// What each process of the second look did between them.
fn waiting<'w>(window: &Window<'w>) -> Result<Vec<Turn<'w>>, Blind> {
    let before = window.before.host.memory.seen()?.runners.seen()?;
    let after = window.after.host.memory.seen()?.runners.seen()?;
    let known: BTreeMap<u32, &Runner> =
        before.processes.iter().map(|runner| (runner.process.pid, runner)).collect();
    let waited = |runner: &'w Runner| {
        let (ran, waited) = match known.get(&runner.process.pid) {
            Some(before) => (before.ran_ns, before.waited_ns),
            // It was started meanwhile; or the first look left it out.
            None if before.left_out == 0 => (0, 0),
            None => return None,
        };
        // What threads did that have ended goes with them: then it is not known.
        let (ran_ns, waited_ns) =
            (runner.ran_ns.checked_sub(ran)?, runner.waited_ns.checked_sub(waited)?);
        Some(Turn { runner, ran_ns, waited_ns })
    };
    Ok(after.processes.iter().filter_map(waited).collect())
}

fn ms(seconds: f64) -> u64 {
    u64::try_from(std::time::Duration::from_secs_f64(seconds).as_millis()).unwrap_or(u64::MAX)
}

fn fault(turn: &Turn<'_>, pressure: &Pressure, seconds: f64, (all, cpus): (usize, u64)) -> Fault {
    let Turn { runner, ran_ns, waited_ns } = turn;
    let Runner { process, threads, .. } = runner;
    let (ran_ms, waited_ms, pid) = (ran_ns / 1_000_000, waited_ns / 1_000_000, process.pid);
    let share = turn.share();
    let others = match all - 1 {
        0 => String::new(),
        others => format!("; {others} others wait, too"),
    };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("pid {pid}")),
        observed: format!(
            "{process} waited {waited_ms} ms for a processor and ran {ran_ms} ms in {seconds:.1} s, {share} % of the time that it could run{others}"
        ),
        impact: format!(
            "its requests take about {:.1} times as long as they compute",
            f64::from(u32::try_from(waited_ms + ran_ms).unwrap_or(u32::MAX))
                / f64::from(u32::try_from(ran_ms).unwrap_or(u32::MAX).max(1))
        ),
        fix: format!(
            "see whether its group is stopped by a quota (H08) and whether it is bound: taskset -cp {pid}; see what takes the {cpus} processors: pidstat 1, and give that a lower weight: renice -n 10 -p PID (undo: renice -n 0 -p PID)"
        ),
        actions: Vec::new(),
        risk: "what gets a lower weight becomes slower while processors are short".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/{pid}/task/*/schedstat of {threads} threads"),
                value: format!("ran {ran_ns} ns more, waited {waited_ns} ns more"),
            },
            Evidence {
                probe: "/proc/pressure/cpu".to_owned(),
                value: format!("some avg10={:.2}", pressure.some.percent10()),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! N06: threads wait in the kernel and do not come back, or children that have ended pile up.
//!
//! Source: proc(5), the states `D` and `Z`; `Documentation/admin-guide/sysctl/kernel.rst`, `hung_task_timeout_secs` (120) and
//! `hung_task_detect_count`.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Blocked, Brood, Tasks, Window};

/// A thread that has not run once in so many seconds is told of, and is a warning.
const TOLD_SECONDS: f64 = 1.0;
const BLOCKED_SECONDS: f64 = 30.0;

/// More children that have ended, of one parent, are a fault; so are as many as the others more in no less than so many seconds.
const ENDED: u64 = 100;
const RISE: u64 = 10;
const RISE_SECONDS: f64 = 60.0;

pub(super) static CHECK: Check = Check {
    id: "N06",
    title: "threads hang in the kernel, or children that have ended pile up",
    severity: Severity::Warning,
    needs: "root, to see processes of other users where /proc is mounted with hidepid, and where threads wait",
    expected: "no thread waits in the kernel for 30 s without a break, no parent has more than 100 children that have ended",
    guardrail: "alert on node_processes_state{state=\"Z\"} > 100 and on \"blocked for more than 120 seconds\" in the kernel's log; an init in containers (docker run --init, shareProcessNamespace)",
    probes: &[
        "/proc/PID/stat and /proc/PID/task/TID/stat: states D and Z",
        "/proc/PID/task/TID/status and wchan of those in state D",
        "/proc/sys/kernel/hung_task_detect_count",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A process does not answer and cannot be killed, the load is high while the processors are idle. Or: no new process can be started (EAGAIN) though few run.",
        culprit: "State D is a wait in the kernel that no signal ends: for a disk or a server of files that does not answer, or for a lock that such a waiter holds. State Z is a child that has ended and that its parent has not asked after: it takes no memory, but a number, and numbers run out (H13). Mostly it is a container whose first process is a program that does not expect children of others.",
        proof: "Blocked: a thread that is in state D in both looks and has not given up a processor between them, so it is the same wait. For your information from 1 s on, a warning from 30 s on, which takes looks as far apart (--since, --watch). Also a warning where the kernel has counted a hung task between the looks. Ended: a warning where one parent has more than 100 children in state Z, or 10 more than at least 60 s before.",
        fix: "Blocked: where it waits says for what (wchan, /proc/PID/stack as root): nfs or cifs, then see to that server; jbd2, xfs, blk or io, then to the disk (dmesg, H28, H46); fsfreeze that was left: fsfreeze -u. Ended: mend or restart the parent, which frees them; in containers run an init as the first process.",
        cost: "A thread in state D cannot be ended; a restart of the machine may hang, too, until its disk answers. A restart of the parent ends its other work.",
        lab: "Children that nobody asks after, or a write to a file system that is frozen, as it is drawn; mended by ending the parent, and by thawing.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let after = window.after.host.processes.seen()?.tasks.seen()?;
    let before = window.before.host.processes.seen().and_then(|it| it.tasks.seen());
    let seconds = window.seconds();
    let (earlier, first_blind) = match before {
        Ok(before) => (Some(before), None),
        Err(blind) => (None, Some(blind)),
    };
    let mut faults: Vec<Fault> = Vec::new();
    for brood in &after.parents {
        let then = earlier.map(|it| ended_of(it, brood));
        faults.extend(ended(brood, then.filter(|_| seconds >= RISE_SECONDS), seconds));
    }
    let stuck = after.blocked.iter().filter(|it| earlier.is_some_and(|then| is_stuck(then, it)));
    faults.extend(stuck.filter_map(|it| blocked(it, seconds)));
    let hung = window.host_growth("hung_task_detect_count", |host| {
        Ok(host.processes.seen()?.tasks.seen()?.hung)
    });
    // Kernels before 6.12 do not count them.
    faults.extend(hung.ok().filter(|it| *it > 0).map(|it| hung_tasks(it, seconds)));
    let zombies: u64 = after.parents.iter().map(|it| it.ended).sum();
    let observed = format!(
        "{} threads wait in the kernel, none of them for all of {seconds:.1} s; {zombies} children have ended and are kept",
        after.blocked.len()
    );
    let denied = (after.unseen > 0).then(|| {
        Blind::Denied(format!("root, to look at {} processes that it may not see", after.unseen))
    });
    Ok(Verdict { observed, faults, unseen: first_blind.or(denied) })
}

fn ended_of(tasks: &Tasks, brood: &Brood) -> u64 {
    tasks.parents.iter().find(|it| it.parent == brood.parent).map_or(0, |it| it.ended)
}

/// The same wait: it was there, and has not run since.
fn is_stuck(then: &Tasks, now: &Blocked) -> bool {
    now.switches.is_some()
        && then.blocked.iter().any(|it| {
            it.thread == now.thread && it.process == now.process && it.switches == now.switches
        })
}

fn ended(brood: &Brood, then: Option<u64>, seconds: f64) -> Option<Fault> {
    let Brood { parent, ended } = brood;
    let rise = then.map_or(0, |then| ended.saturating_sub(then));
    if *ended <= ENDED && rise < RISE {
        return None;
    }
    let more = if rise > 0 { format!(", {rise} more in {seconds:.0} s") } else { String::new() };
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("ended"),
        at: Some(format!("pid {}", parent.pid)),
        observed: format!(
            "{ended} children of {parent} have ended and it has not asked after them{more}"
        ),
        impact: "each keeps a number: once there is none left nothing can be started (EAGAIN)"
            .to_owned(),
        fix: format!(
            "restart {parent}, which frees them; if it is the first of a container, run an init there (docker run --init)"
        ),
        actions: Vec::new(),
        risk: "a restart ends its other work".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/PID/stat".to_owned(),
            value: format!("{ended} in state Z with parent {}", parent.pid),
        }],
        confidence: Confidence::High,
    })
}

fn blocked(blocked: &Blocked, seconds: f64) -> Option<Fault> {
    let Blocked { process, thread, switches, place } = blocked;
    if seconds < TOLD_SECONDS {
        return None;
    }
    let is_long = seconds >= BLOCKED_SECONDS;
    let at = place.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
    Some(Fault {
        severity: if is_long { Severity::Warning } else { Severity::Info },
        aspect: Some("blocked"),
        at: Some(format!("pid {} thread {thread}", process.pid)),
        observed: format!("{process} has waited in the kernel{at} for all of {seconds:.1} s"),
        impact: "it does not go on and cannot be killed until what it waits for answers".to_owned(),
        fix: format!(
            "see for what: cat /proc/{}/task/{thread}/stack as root, dmesg; then see to that disk or server of files, or fsfreeze -u what was frozen",
            process.pid
        ),
        actions: Vec::new(),
        risk: "none to look; a restart of the machine may hang at the same".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("/proc/{}/task/{thread}/status", process.pid),
            value: format!("state D in both looks, {} switches in both", switches.unwrap_or(0)),
        }],
        confidence: Confidence::High,
    })
}

fn hung_tasks(count: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("hung"),
        at: None,
        observed: format!("the kernel found {count} tasks hung in {seconds:.1} s"),
        impact: "they do not go on and cannot be killed until what they wait for answers".to_owned(),
        fix: "dmesg | grep -A 20 'blocked for more than' says which they are and where they wait; then see to that disk or server of files".to_owned(),
        actions: Vec::new(),
        risk: "none to look".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/sys/kernel/hung_task_detect_count".to_owned(),
            value: format!("{count} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

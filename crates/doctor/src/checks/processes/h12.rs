//! H12: a process is about to have no file descriptor left.
//!
//! Source: getrlimit(2), `RLIMIT_NOFILE`; the thresholds are those of the node mixin's `NodeFileDescriptorLimit`, taken for each process.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Descriptors, Holder, Window};

/// Percent of its limit from which on a process is told of.
const WARNING: u64 = 70;
const CRITICAL: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H12",
    title: "a process is about to have no file descriptor left",
    severity: Severity::Critical,
    needs: "root, to look at processes of other users",
    expected: "every process holds less than 70 % of the descriptors that it may have",
    guardrail: "alert on process_open_fds / process_max_fds > 0.7; LimitNOFILE= in the unit",
    probes: &[
        "/proc/PID/fd: how many there are",
        "/proc/PID/limits: Max open files",
        "/proc/PID/comm",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A server that has run for weeks accepts no connection any more, or logs \"too many open files\"; a restart helps for weeks.",
        culprit: "Each connection, file and pipe takes a descriptor, and a process may have so many, which is fixed when it is started. It leaks them, or it has come to have more connections than whoever set the limit thought of. At the limit each open and each accept fails with EMFILE.",
        proof: "The running process itself is looked at, not a configuration: how many descriptors it holds, and its soft limit, which may differ from that of the shell and of the unit file. Warns from 70 %, critical from 90 %.",
        fix: "See what they are: ls -l /proc/PID/fd. If they are sockets in CLOSE_WAIT or files that nobody needs, it leaks: mend that, a higher limit only takes longer. If they are needed, raise the limit of the running process with prlimit, and in its unit for the next start; always both the soft and the hard one, as a single number lowers the hard one.",
        cost: "A higher limit costs nothing until it is used; a descriptor takes about a kilobyte of kernel memory. A program that uses select() breaks beyond 1024 of them. prlimit is undone by setting both back.",
        lab: "A shell that may have few descriptors and opens most of them; mended by ending it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let Descriptors { processes, most, unseen } =
        window.after.host.processes.seen()?.descriptors.seen()?;
    let full = processes.iter().filter(|holder| holder.share() >= WARNING);
    let unseen = (*unseen > 0).then(|| {
        Blind::Denied(format!(
            "root, to look at {unseen} processes that it may not see, or more time for so many"
        ))
    });
    Ok(Verdict {
        observed: format!("no process holds more than {most} % of its descriptors"),
        faults: full.map(fault).collect(),
        unseen,
    })
}

fn fault(holder: &Holder) -> Fault {
    let Holder { process, open, limit, hard } = holder;
    let (share, pid, more) = (holder.share(), process.pid, limit.saturating_mul(2));
    // Both, as a bare number would lower the hard one, which only root can undo.
    let of = |limit: u64, least: u64| match hard {
        Some(hard) => format!("{limit}:{}", least.max(*hard)),
        None => format!("{limit}:unlimited"),
    };
    let (raised, undone) = (of(more, more), of(*limit, 0));
    Fault {
        severity: if share >= CRITICAL { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(format!("pid {pid}")),
        observed: format!("{process} holds {open} of {limit} descriptors, {share} %"),
        impact: format!(
            "after {} more it accepts no connection and opens no file (EMFILE)",
            limit - open.min(limit)
        ),
        fix: format!(
            "see what they are: ls -l /proc/{pid}/fd; if it needs them, prlimit --pid {pid} --nofile={raised} (undo: {undone}), and LimitNOFILE={raised} in its unit"
        ),
        actions: Vec::new(),
        risk: "a program that uses select() breaks beyond 1024; if it leaks them, it only takes longer".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: format!("/proc/{pid}/fd"), value: format!("{open} entries") },
            Evidence {
                probe: format!("/proc/{pid}/limits"),
                value: format!("Max open files {limit}"),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

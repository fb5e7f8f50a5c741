//! H45: a process still runs a program or a library that an upgrade has replaced.
//!
//! Source: proc(5), `/proc/PID/maps`, where what was mapped from a file without a name is marked as deleted; needrestart and `zypper ps`
//! judge by the same.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{Gone, Replaced, Window};

pub(super) static CHECK: Check = Check {
    id: "H45",
    title: "a process still runs a program or library that was replaced on disk",
    severity: Severity::Warning,
    needs: "root, to look at processes of other users",
    expected: "what runs is what is installed",
    guardrail: "needrestart after each upgrade; restart services by a plan after upgrades of libc and OpenSSL",
    probes: &[
        "/proc/PID/maps: what may be run from files that are deleted",
        "/proc/PID/root: whether there is a new one",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A hole in OpenSSL was closed by an upgrade weeks ago, and a scanner still finds it; or a server breaks at its next restart, long after the upgrade that broke it.",
        culprit: "An upgrade puts new files in the place of old ones. Processes that run keep the old ones until they are started again: with the old defects, and with nobody having tried whether they start with the new.",
        proof: "Looks at what processes may run (maps with x) whose file has been deleted: told of where another file has its name now, or where it was below /usr, /lib, /bin, /sbin or /opt. Libraries that a program unpacks for itself and deletes (as some do below /tmp) are not told of, and neither is memory that looks like a file.",
        fix: "Restart who runs it: systemctl restart UNIT, one after the other; for pid 1 systemctl daemon-reexec; for libc rather the whole machine at the next chance.",
        cost: "A restart of each service. It starts with the new version: have a look at what changed, and keep the old package at hand (undo: install that version and restart).",
        lab: "A copy of a program that runs while another file takes its place; mended by starting that.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let Replaced { files, unseen } = window.after.host.processes.seen()?.replaced.seen()?;
    let unseen = (*unseen > 0).then(|| {
        Blind::Denied(format!(
            "root with CAP_SYS_PTRACE over them (a container may withhold it), or more time, to look at what {unseen} of the processes have mapped"
        ))
    });
    let observed = "every process that was looked at runs what is on disk".to_owned();
    Ok(Verdict { observed, faults: files.iter().map(fault).collect(), unseen })
}

fn fault(gone: &Gone) -> Fault {
    let Gone { path, is_replaced, processes, count } = gone;
    let first = processes.first().map_or_else(String::new, ToString::to_string);
    let others = match count.saturating_sub(1) {
        0 => format!("{first} still runs it"),
        others => format!("{first} and {others} more still run it"),
    };
    let what = if *is_replaced { "was replaced" } else { "was deleted" };
    let pids: Vec<String> = processes.iter().map(ToString::to_string).collect();
    let all = if processes.len() as u64 == *count { "" } else { ", ..." };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(path.clone()),
        observed: format!("{path} {what}, and {others}"),
        impact: "it runs with the defects of the old version, and nobody knows whether it starts with the new one".to_owned(),
        fix: format!("restart who runs it: {}{all}; find all: grep -lF {} /proc/*/maps", pids.join(", "), quoted(&format!("{path} (deleted)"))),
        actions: Vec::new(),
        risk: "a restart of each; it starts with the new version (undo: the old package)".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/PID/maps".to_owned(),
            value: format!("{path} (deleted), in {count} processes"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! N07: open files of the whole machine, or what a user has of inotify, are about to be used up.
//!
//! Source: `Documentation/admin-guide/sysctl/fs.rst` (file-nr), inotify(7) (ENOSPC, EMFILE); the thresholds are those of the node mixin for
//! descriptors.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Inotify, InotifyUser, Use, Window};

/// Percent of what may be from which on it is told of.
const WARNING: u64 = 70;
const CRITICAL: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "N07",
    title: "open files of the machine, or inotify of a user, are about to be used up",
    severity: Severity::Critical,
    needs: "root, to look at processes of other users",
    expected: "less than 70 % of fs.file-max, and of each user's instances and watches of inotify, are taken",
    guardrail: "alert on node_filefd_allocated / node_filefd_maximum > 0.7; fs.inotify.* in /etc/sysctl.d",
    probes: &[
        "/proc/sys/fs/file-nr",
        "/proc/sys/fs/inotify/max_user_instances and max_user_watches",
        "/proc/PID/fd: links to inotify, and their fdinfo",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "\"No space left on device\" (ENOSPC) from tail -f, a file watcher, kubelet or a log shipper on a disk that is not full: watches are used up. \"Too many open files\" from a program that has few open: instances are, or those of the whole machine (ENFILE).",
        culprit: "inotify has a limit for each user, over all of its processes and containers: 128 instances by default, and a number of watches by the memory of the machine (8192 before Linux 5.11). A node with many containers has all of root's in one pot. The number of open files of the whole machine is fs.file-max, which newer systemd makes endless.",
        proof: "Descriptors that are links to inotify are counted for the user that the process runs as, and the lines of their fdinfo as watches; file-nr is the kernel's own count. Warns from 70 %, critical from 90 %. Limits of user namespaces are not looked at.",
        fix: "See who has most: it is named. If it leaks them, mend that. Else raise the limit: sysctl -w fs.inotify.max_user_instances=1024 (or max_user_watches, file-max), and the same in /etc/sysctl.d for the next start.",
        cost: "An instance takes little; a watch takes about a kilobyte of kernel memory that cannot be swapped, once it is used. Undone by setting the old number.",
        lab: "A program that takes most of the instances that its user may have; mended by closing them.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let processes = window.after.host.processes.seen()?;
    // Each half says what it can.
    let (files, inotify) = (processes.files.seen(), processes.inotify.seen());
    let mut faults = Vec::new();
    let mut observed = Vec::new();
    if let Ok(files) = files {
        faults.extend(full("files", "fs.file-max", None, *files));
        observed.push(format!("{} of {} files of the machine are open", files.used, files.most));
    }
    if let Ok(inotify) = inotify {
        for user in &inotify.users {
            faults.extend(of_user(inotify, user));
        }
        let most = inotify.users.iter().map(|it| it.instances).max().unwrap_or(0);
        observed.push(format!(
            "no user has more than {most} of {} instances of inotify",
            inotify.instances_max
        ));
    }
    let hidden = inotify.as_ref().map_or(0, |it| it.unseen);
    let hidden = (hidden > 0)
        .then(|| Blind::Denied(format!("root, to look at {hidden} processes that it may not see")));
    let unseen = files.err().or(inotify.err()).or(hidden);
    Ok(Verdict { observed: observed.join("; "), faults, unseen })
}

fn of_user(inotify: &Inotify, user: &InotifyUser) -> Vec<Fault> {
    let of = |used, most| Use { used, most };
    let instances = of(user.instances, inotify.instances_max);
    let watches = of(user.watches, inotify.watches_max);
    let instances = full("instances", "fs.inotify.max_user_instances", Some(user), instances);
    instances
        .into_iter()
        .chain(full("watches", "fs.inotify.max_user_watches", Some(user), watches))
        .collect()
}

fn full(
    aspect: &'static str,
    setting: &str,
    user: Option<&InotifyUser>,
    taken: Use,
) -> Option<Fault> {
    let share = taken.share();
    if share < WARNING {
        return None;
    }
    let Use { used, most } = taken;
    let whose = user.map_or_else(
        || "the machine has".to_owned(),
        |it| format!("user {} (most: {}) has", it.uid, it.largest),
    );
    let what = match aspect {
        "files" => "files open",
        "instances" => "instances of inotify",
        _ => "watches of inotify",
    };
    let error = match aspect {
        "files" => "no process can open a file or take a connection (ENFILE)",
        "instances" => "it can make no more (EMFILE), though it has descriptors left",
        _ => "it can watch nothing more (ENOSPC), though the disk is not full",
    };
    let raised = most.saturating_mul(2);
    Some(Fault {
        severity: if share >= CRITICAL { Severity::Critical } else { Severity::Warning },
        aspect: Some(aspect),
        at: user.map(|it| format!("user {} {aspect}", it.uid)),
        observed: format!("{whose} {used} of {most} {what}, {share} %"),
        impact: format!("after {} more {error}", most.saturating_sub(used)),
        fix: format!("see whether who has most needs them; if so, sysctl -w {setting}={raised} (undo: {most}), and the same in /etc/sysctl.d"),
        actions: vec![Action::undone_by(
            format!("sysctl -w {setting}={raised}"),
            format!("sysctl -w {setting}={most}"),
        )],
        risk: "kernel memory for what is then used: about a kilobyte each; if they leak it only takes longer".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: setting.to_owned(), value: format!("{used} of {most}") }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

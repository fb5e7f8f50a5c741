//! H32: what should tell of a crash or of the past does not: the memory of crashed processes goes to a program that is gone, or the journal
//! takes a large part of its disk.
//!
//! Source: core(5), "Piping core dumps to a program"; journald.conf(5): without a setting `SystemMaxUse` is 10 % of the file system, and never
//! more than 4 GiB.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::disks::size;
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Cores, Journal, System, Window};

/// Percent of the file system that journald takes at most by default.
const SHARE: u64 = 10;

/// Bytes that it takes at most by default.
const BYTES: u64 = 4 << 30;

pub(super) static CHECK: Check = Check {
    id: "H32",
    title: "a crash leaves nothing to look at, or the journal takes a large part of the disk",
    severity: Severity::Warning,
    needs: "root, where the journal is not for everybody",
    expected: "core_pattern names a program that is there, or a file; the journal takes at most 10 % of its disk, or 4 GiB",
    guardrail: "SystemMaxUse in /etc/systemd/journald.conf; a process that is made to crash after each change of core_pattern",
    probes: &[
        "/proc/sys/kernel/core_pattern, and stat(2) of the program in it",
        "/var/log/journal: sizes of files, and of its file system",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A server has crashed by a signal, and there is no core file, no report, nothing in coredumpctl. Or a disk fills, and most of what is on it is below /var/log/journal.",
        culprit: "core: the kernel pipes the memory to the program that core_pattern names after a bar. If that was removed with its package (apport, systemd-coredump, abrt), or the path is of another system, the memory is thrown away; only the kernel's own log says so. journal: SystemMaxUse was set higher than the disk bears, or folders of earlier machine ids are left, which journald never cleans.",
        proof: "core: the path after the bar is no file that may be executed; that there is no handler is nobody's fault and is not told of. Not looked at where /proc/sys is read-only, as in a container: the kernel looks for the program on the machine, not there. journal: files below /var/log/journal take more than 10 % of the file system and more than 4 GiB: both of the limits that journald keeps by itself.",
        fix: "core: install the program again, or let the kernel write files: sysctl -w kernel.core_pattern=/var/crash/core.%e.%p.%t, the same in /etc/sysctl.d. journal: journalctl --vacuum-size=1G, set SystemMaxUse=1G; folders of other machine ids (not that of /etc/machine-id) are removed by hand.",
        cost: "core: files of the size of the process, with all that it had in memory, secrets as well: a folder for root only. journal: the oldest entries are gone for good.",
        lab: "core: core_pattern pipes to a program that does not exist, and a process crashes and leaves no core; mended by naming a file. The journal is not filled: it would take more than 4 GiB.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let system = window.after.host.system.seen()?;
    let (mut faults, mut told, mut unseen) = (Vec::new(), Vec::new(), None);
    let cores = super::own_kernel(system).and_then(|()| cores(system));
    match &cores {
        Ok(cores) => {
            faults.extend(of_cores(cores));
            told.push(cores.handler.as_ref().map_or_else(
                || "what is left of a crash is written to a file".to_owned(),
                |handler| format!("what is left of a crash goes to {handler}"),
            ));
        }
        Err(Blind::OutOfPlace(_)) => {}
        Err(blind) => unseen = Some(blind.clone()),
    }
    match system.journal.seen() {
        Ok(journal) => {
            let fault = of_journal(*journal);
            if fault.is_none() && journal.cut {
                let what = "sum of the sizes of the journal: it has too many files";
                unseen = unseen.or(Some(Blind::Absent(what.to_owned())));
            }
            faults.extend(fault);
            told.push(format!(
                "the journal takes {} of {}",
                size(journal.used_bytes),
                size(journal.disk_bytes)
            ));
        }
        // It is kept in memory, or not at all.
        Err(Blind::Absent(_)) => {
            // Then nothing is left to be judged in a container.
            if let Err(Blind::OutOfPlace(why)) = cores {
                return Err(Blind::OutOfPlace(why));
            }
        }
        Err(blind) => unseen = unseen.or(Some(blind)),
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

fn cores(system: &System) -> Result<&Cores, Blind> {
    system.cores.seen()
}

fn of_cores(cores: &Cores) -> Option<Fault> {
    let handler = cores.handler.as_ref()?;
    if cores.works {
        return None;
    }
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("core"),
        at: Some("cores".to_owned()),
        observed: format!("core_pattern pipes to {handler}, which is no program that can be run"),
        impact: "the next crash leaves no core and no report: its cause cannot be found".to_owned(),
        fix: "install the program again; or sysctl -w kernel.core_pattern=/var/crash/core.%e.%p.%t (undo: the value below), and the same in /etc/sysctl.d".to_owned(),
        actions: Vec::new(),
        risk: "a core is as large as the process and holds its secrets: the folder must be root's alone, on a disk with room".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/sys/kernel/core_pattern".to_owned(),
            value: format!("|{handler} ..."),
        }],
        confidence: Confidence::High,
    })
}

fn of_journal(journal: Journal) -> Option<Fault> {
    let Journal { used_bytes, disk_bytes, .. } = journal;
    let share = u128::from(used_bytes) * 100;
    if used_bytes <= BYTES || share <= u128::from(disk_bytes) * u128::from(SHARE) {
        return None;
    }
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("journal"),
        at: Some("journal".to_owned()),
        observed: format!(
            "/var/log/journal takes {} of {}, {} %",
            size(used_bytes),
            size(disk_bytes),
            share / u128::from(disk_bytes.max(1))
        ),
        impact: "what else is on that disk has no room: it is told of once the disk is full".to_owned(),
        fix: "ls /var/log/journal: folders that are not named as /etc/machine-id are left over; journalctl --vacuum-size=1G, and SystemMaxUse=1G in /etc/systemd/journald.conf (undo: the old number)".to_owned(),
        actions: Vec::new(),
        risk: "the oldest entries are gone for good".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "/var/log/journal".to_owned(),
            value: format!("{used_bytes} of {disk_bytes} bytes"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

//! H26: deleted files that are still open hold much of a file system.
//!
//! Source: unlink(2): a file is freed once its last name and its last descriptor are gone.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::disks::size;
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Held, Mount, Window};

/// Percent of its file system from which on it is told of: so much left is where H25 warns.
const SHARE: u64 = 5;

/// Less is not worth anybody's time; databases hold as much of deleted files by design.
const BYTES_MIN: u64 = 16 << 20;

pub(super) static CHECK: Check = Check {
    id: "H26",
    title: "deleted files that are still open hold much of a file system",
    severity: Severity::Warning,
    needs: "root, to look at processes of other users",
    expected: "no process holds deleted files that are 5 % of their file system",
    guardrail: "copytruncate or a reload in postrotate of logrotate; alert on df and du that differ",
    probes: &[
        "/proc/PID/fd: links that end in (deleted), and stat(2) of those",
        "/proc/self/mountinfo and statvfs(3)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "df says that the disk is full, du finds far less, and deleting more files does not help.",
        culprit: "A file that is deleted keeps its blocks until the last process that has it open closes it. Mostly a log that was deleted or rotated away while its program went on to write to it; or a program that leaks descriptors of temporary files.",
        proof: "All descriptors are gone through for links that the kernel marks as deleted; what each file takes is by its blocks, not its length, and counted once for each process. Memory that looks like a file (memfd, shm) is left out, and so are files on btrfs and overlayfs, which cannot be told apart by device. Warns where one process holds at least 5 % of a file system, and no less than 16 MiB, in deleted files.",
        fix: "Have the process open its files anew: a reload, or the signal for it (HUP or USR1, see its manual), or a restart. If it cannot be restarted and the file is a log, it can be emptied through the descriptor: truncate -s 0 /proc/PID/fd/N.",
        cost: "A reload costs nothing. What is truncated is gone, and a program that does not append goes on at its old place. Never truncate what a database holds: its temporary files are deleted by design.",
        lab: "A program that has a large file open that is deleted; mended by closing it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let deleted = host.processes.seen()?.deleted.seen()?;
    let mounts = host.disks.seen()?.mounts.seen()?;
    let faults: Vec<Fault> = deleted.held.iter().filter_map(|it| fault(it, mounts)).collect();
    let most = deleted.held.first().map_or_else(
        || "no process holds deleted files".to_owned(),
        |it| format!("{} holds most in deleted files, {}", it.process, size(it.bytes)),
    );
    let unseen = (deleted.unseen > 0).then(|| {
        Blind::Denied(format!("root, to look at {} processes that it may not see", deleted.unseen))
    });
    Ok(Verdict { observed: most, faults, unseen })
}

/// None on what is no file system of a disk, or is not listed here, as of another mount namespace.
fn fault(held: &Held, mounts: &[Mount]) -> Option<Fault> {
    let Held { process, device, bytes, files, largest } = held;
    let mount = mounts.iter().find(|it| it.device == *device && it.space.seen().is_ok())?;
    let space = mount.space.seen().ok()?;
    let share = u128::from(*bytes) * 100 / u128::from(space.size.max(1));
    if share < u128::from(SHARE) || *bytes < BYTES_MIN {
        return None;
    }
    let (point, pid) = (&mount.point, process.pid);
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("{point} pid {pid}")),
        observed: format!(
            "{process} holds {} in {files} deleted files, {share} % of {point}",
            size(*bytes)
        ),
        impact: format!("{point} is that much fuller than du shows, and deleting does not help"),
        fix: format!(
            "reload or restart {process}; see which they are: ls -l /proc/{pid}/fd | grep deleted"
        ),
        actions: Vec::new(),
        risk: "a restart if it has no reload; leave temporary files of a database alone, they go with its statement".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("/proc/{pid}/fd, stat"),
            value: format!("{bytes} bytes in {files} files without a name on {device}, the largest was {largest}"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

//! H46: a file system has found itself broken and refuses writes, or soon will, though it is mounted to be written.
//!
//! Source: Linux `fs/ext4/super.c`, which before 6.12 made the whole file system read-only on an error and from then on only refuses writes,
//! which 6.15 shows as `emergency_ro`, and shows `shutdown`; `fs/xfs/xfs_iops.c`, where stat(2) fails with EIO after a shutdown.

use super::file_systems;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{Mount, Window};

/// The number of EIO.
const EIO: i32 = 5;

/// Those that turn to be read-only by themselves; others, such as squashfs, always are.
const WRITABLE: &[&str] = &["bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "xfs"];

pub(super) static CHECK: Check = Check {
    id: "H46",
    title: "a file system has found itself broken and refuses writes",
    severity: Severity::Critical,
    needs: "nothing; root, for mounts below folders that others may not enter",
    expected: "no file system that is mounted to be written is read-only, shut down, or has counted errors",
    guardrail: "alert on node_filesystem_readonly of what shall be written and on node_filesystem_device_error, and on \"EXT4-fs error\" and \"Corruption\" in the kernel's log; the first does not see emergency_ro",
    probes: &[
        "/proc/self/mountinfo",
        "/sys/fs/ext4/*/errors_count",
        "stat(2) of each mount, each in a thread of its own",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Writes fail with \"Read-only file system\" (EROFS) or \"Input/output error\" (EIO), though mount says rw. Whatever runs goes on to serve from memory for a while.",
        culprit: "The kernel found the file system inconsistent, or its disk failed a write, and so it lets nobody write any more, to save what is there. ext4 does so where it is mounted with errors=remount-ro; since Linux 6.12 it stays rw in the list of mounts. XFS, and ext4 when told to, shut down: then reads fail, too. ext4 with errors=continue only counts errors and goes on, which makes it worse.",
        proof: "Fails as read_only where the mount says rw and the file system below it says ro, as emergency_ro and shutdown where the kernel shows these, and as shutdown where stat of an XFS mount fails with EIO. As aspect errors where ext4 has counted errors since it was last checked (a warning; critical if there was one between the two looks): the count stays in the file system until fsck clears it, so it does not go by itself.",
        fix: "First the disk: dmesg says what failed; smartctl -a, or the provider's status of the volume. Stop what writes to it, save what can still be read, umount, then fsck -f (xfs_repair of XFS, which wants the log replayed by a mount first), mount again. Restore from a backup or fail over if the disk is bad.",
        cost: "Nobody can use it meanwhile. fsck may put pieces of files to lost+found and cannot be undone: copy the device first (dd, ddrescue, a snapshot) if the data has no other copy. To mount it rw again without a check makes the damage larger.",
        lab: "A file system on a file that is told to have found an error, of ext4 or of XFS as it is drawn; mended by checking it and mounting it again.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let all = file_systems(window)?;
    let before = window.before.host.disks.seen().ok().and_then(|it| it.mounts.seen().ok());
    let faults = all.iter().filter_map(|mount| {
        // The first mount of the device says what was meant; a later one may well be read-only, as a volume of a container.
        let is_meant = is_set_read_only(mount);
        refuses(mount, is_meant).or_else(|| {
            let earlier = before?.iter().find(|it| it.device == mount.device);
            errors(mount, earlier.and_then(|it| it.faults))
        })
    });
    let faults: Vec<Fault> = faults.collect();
    // A local one without an answer is what a dead disk looks like; whether one of another machine answers is not asked here.
    let mut silent = all.iter().filter(|it| !it.is_remote() && it.error != Some(EIO));
    let unseen = silent.find_map(|it| it.space.seen().err());
    Ok(Verdict {
        observed: format!("{} file systems, none refuses writes", all.len()),
        faults,
        unseen,
    })
}

/// Somebody wanted it so.
fn is_set_read_only(mount: &Mount) -> bool {
    mount.options.iter().any(|it| it == "ro")
}

fn refuses(mount: &Mount, is_meant: bool) -> Option<Fault> {
    let shows = |flag: &str| mount.features.iter().any(|it| it == flag);
    let is_own = WRITABLE.contains(&mount.kind.as_str());
    let (aspect, what) = if shows("shutdown") || (is_own && mount.error == Some(EIO)) {
        ("shutdown", "it is shut down")
    } else if shows("emergency_ro") {
        ("emergency_ro", "it refuses writes, though it is mounted rw (emergency_ro)")
    } else if is_own && shows("ro") && !is_meant {
        ("read_only", "it has become read-only, though it is mounted rw")
    } else {
        return None;
    };
    let errors = mount
        .faults
        .filter(|it| *it > 0)
        .map_or_else(String::new, |it| format!("; {it} errors counted"));
    let impact = match aspect {
        "shutdown" => "reads and writes fail now (EIO)",
        _ => "writes fail now (EROFS)",
    };
    Some(fault(mount, aspect, Severity::Critical, format!("{what}{errors}"), impact))
}

fn errors(mount: &Mount, before: Option<u64>) -> Option<Fault> {
    let count = mount.faults.filter(|it| *it > 0)?;
    let grown = before.map_or(0, |before| count.saturating_sub(before));
    let (severity, now) = match grown {
        0 => (Severity::Warning, String::new()),
        grown => (Severity::Critical, format!(", {grown} of them just now")),
    };
    let observed = format!("ext4 has counted {count} errors in it since it was last checked{now}");
    let impact = "files in it may be damaged, and each write may damage more";
    Some(fault(mount, "errors", severity, observed, impact))
}

fn fault(
    mount: &Mount,
    aspect: &'static str,
    severity: Severity,
    observed: String,
    impact: &str,
) -> Fault {
    let Mount { point, kind, source, .. } = mount;
    let device = quoted(source);
    let check = match kind.as_str() {
        "xfs" => format!("mount and umount it once to replay its log, xfs_repair {device}"),
        "btrfs" => format!("btrfs check --readonly {device}, and ask before any --repair"),
        _ => format!("fsck -f {device}"),
    };
    let listed = format!(
        "{kind} on {source}, mount {}, file system {}",
        mount.options.join(","),
        mount.features.join(",")
    );
    let mut evidence = vec![Evidence { probe: "/proc/self/mountinfo".to_owned(), value: listed }];
    evidence.extend(mount.faults.map(|count| Evidence {
        probe: "/sys/fs/ext4/*/errors_count".to_owned(),
        value: count.to_string(),
    }));
    evidence.extend(mount.error.map(|number| Evidence {
        probe: format!("stat {point}"),
        value: format!("error {number}"),
    }));
    Fault {
        severity,
        aspect: Some(aspect),
        at: Some(point.clone()),
        observed,
        impact: format!("{impact} on {point}"),
        fix: format!(
            "see why: dmesg | grep -i -e {kind} -e 'I/O error'; stop what uses it, save what can be read, umount {point}, {check}, mount it again"
        ),
        actions: Vec::new(),
        risk: "it is away meanwhile; a repair may drop what it cannot place: copy the device first if there is no other copy".to_owned(),
        reversible: false,
        evidence,
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! H25: a file system is about to be full, of bytes or of inodes.
//!
//! Source: the node mixin: `NodeFilesystemAlmostOutOfSpace` and `NodeFilesystemAlmostOutOfFiles` warn below 5 % that are left and are critical
//! below 3 %; `NodeFilesystemSpaceFillingUp` foretells from 24 h on where less than 40 % are left.

use std::fmt::Write;

use super::{file_systems, size};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{Mount, Space, Window};
use crate::words::percent;

/// Percent that are left below which it is told of.
const WARNING: u64 = 5;
const CRITICAL: u64 = 3;

/// Less than this is little on any file system of which it is no more than [`SMALL`] percent: what is 5 % of a small one goes in minutes.
const LITTLE: u64 = 10 << 30;
const SMALL: u64 = 10;

/// It is foretold when a file system is full from what was written in at least so many seconds, if less than so many percent are
/// left and it is less than so many hours away.
const FORETOLD_SECONDS: f64 = 60.0;
const FORETOLD_LEFT: u64 = 40;
const FORETOLD_HOURS: f64 = 24.0;

/// What was written in a shorter time may as well have been a sort or a backup.
const SURE_SECONDS: f64 = 3_600.0;

pub(super) static CHECK: Check = Check {
    id: "H25",
    title: "a file system is about to be full, of bytes or of inodes",
    severity: Severity::Critical,
    needs: "nothing; root, for mounts below folders that others may not enter",
    expected: "5 % of the bytes and inodes of each file system are left, and 10 GiB or 10 % of it, and they last for a day",
    guardrail: "alert on node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.05, the same for node_filesystem_files_free, and predict_linear(node_filesystem_avail_bytes[6h], 24*3600) < 0",
    probes: &[
        "/proc/self/mountinfo",
        "stat(2) and statvfs(3) of each mount, each in a thread of its own",
    ],
    proof: Proof::Lab,
    catalogue: &["overlayfs-inode-exhaustion"],
    page: Page {
        symptom: "Writes fail with \"No space left on device\" (ENOSPC), though df may show much free: databases stop, logs end in the middle of a line, containers do not start.",
        culprit: "All bytes of a file system that others than root may use are taken, or all of its inodes. ext4 has as many inodes as it was made with: many small files (layers of containers, sessions, mail, caches) use them up while bytes are left. A container's own layer (overlayfs) has the numbers of the file system below it.",
        proof: "Each mounted file system is asked once how much is left for others than root. Warns below 5 % and critical below 3 %, of bytes and, as aspect inodes, of inodes; those are the thresholds of the node mixin. Also warns below 10 GiB where that is less than 10 % of the file system. With looks at least 60 s apart it also says when it is full, if that is within 24 h and less than 40 % are left; unless they are an hour apart that is a guess. Mounts that are read-only are left out. Limits of users and projects are not seen.",
        fix: "See what takes it: du -xh --max-depth=2 MOUNT | sort -h; for inodes du -x --inodes. What was deleted and is still open is not in it: H26. Delete what nobody needs (logs, old kernels, images: journalctl --vacuum-size=1G, docker system df), or grow the volume and then the file system (resize2fs, xfs_growfs). The number of inodes of ext4 grows only with its size.",
        cost: "What is deleted is gone. Never delete files of a database by hand, its log least of all. Growing is done while it is mounted and cannot be undone. ext4 keeps 5 % for root: on a disk of data alone tune2fs -m 1 gives most of it to all (undo: -m 5).",
        lab: "A file system on a file that is filled, of bytes or of inodes as it is drawn; mended by deleting.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let all = file_systems(window)?;
    let written = all.iter().filter(|it| !it.has("ro"));
    let (mut faults, mut unseen, mut fullest) = (Vec::new(), None, (100, "none"));
    let mut count = 0;
    for mount in written {
        let space = match mount.space.seen() {
            Ok(space) => space,
            Err(blind) => {
                unseen = unseen.or(Some(blind));
                continue;
            }
        };
        if space.size == 0 {
            continue;
        }
        count += 1;
        fullest = fullest.min((percent(space.available, space.size), mount.point.as_str()));
        faults.extend(bytes(mount, space).or_else(|| foretold(window, mount, space)));
        faults.extend(inodes(mount, space));
    }
    let observed = format!("{count} file systems; {} has least left, {} %", fullest.1, fullest.0);
    Ok(Verdict { observed, faults, unseen })
}

/// Whether less than so many percent are left, to the byte.
fn is_below(left: u64, whole: u64, share: u64) -> bool {
    u128::from(left) * 100 < u128::from(whole) * u128::from(share)
}

fn severity(left: u64, whole: u64) -> Option<Severity> {
    if is_below(left, whole, CRITICAL) {
        Some(Severity::Critical)
    } else {
        is_below(left, whole, WARNING).then_some(Severity::Warning)
    }
}

fn bytes(mount: &Mount, space: &Space) -> Option<Fault> {
    let Space { size: whole, free, available, .. } = *space;
    let is_little = available < LITTLE && is_below(available, whole, SMALL);
    let severity = severity(available, whole).or(is_little.then_some(Severity::Warning))?;
    let mut observed =
        format!("{} of {} left, {} %", size(available), size(whole), percent(available, whole));
    let kept = free.saturating_sub(available);
    if kept > 0 {
        let _ = write!(observed, "; {} more for root alone", size(kept));
    }
    let value = format!("size {whole}, free {free}, available {available} bytes");
    Some(fault(mount, None, severity, observed, "it is full, writes fail (ENOSPC)", value))
}

fn inodes(mount: &Mount, space: &Space) -> Option<Fault> {
    let Space { inodes, inodes_free, .. } = *space;
    if inodes == 0 {
        return None;
    }
    let severity = severity(inodes_free, inodes)?;
    let share = percent(inodes_free, inodes);
    let observed = format!("{inodes_free} of {inodes} inodes left, {share} %");
    let value = format!("{inodes} inodes, {inodes_free} free");
    let impact = "inodes are used up, no file can be made (ENOSPC), whatever df shows as free";
    Some(fault(mount, Some("inodes"), severity, observed, impact, value))
}

/// When it is full if it goes on like this.
fn foretold(window: &Window<'_>, mount: &Mount, space: &Space) -> Option<Fault> {
    let seconds = window.seconds();
    if seconds < FORETOLD_SECONDS || !is_below(space.available, space.size, FORETOLD_LEFT) {
        return None;
    }
    let before = window.before.host.disks.seen().ok()?.mounts.seen().ok()?;
    let before = before.iter().find(|it| it.device == mount.device && it.point == mount.point)?;
    let gone = before.space.seen().ok()?.available.checked_sub(space.available)?;
    let (left, gone_per_second) = (to_f64(space.available), to_f64(gone) / seconds);
    let hours = left / gone_per_second / 3_600.0;
    if gone == 0 || hours >= FORETOLD_HOURS {
        return None;
    }
    let observed = format!(
        "{} left, and {} less than {seconds:.0} s ago: full in {hours:.1} h",
        size(space.available),
        size(gone)
    );
    let value = format!("available {} bytes, {gone} less in {seconds:.0} s", space.available);
    let impact = "it is full, at this rate, writes fail (ENOSPC)";
    let sure = seconds >= SURE_SECONDS;
    let confidence = if sure { Confidence::High } else { Confidence::Low };
    let found = fault(mount, Some("filling"), Severity::Warning, observed, impact, value);
    Some(Fault { confidence, ..found })
}

/// Close enough to tell hours.
fn to_f64(bytes: u64) -> f64 {
    let mib = u32::try_from(bytes >> 20).map_or_else(|_| f64::from(u32::MAX), f64::from);
    mib * 1_048_576.0
}

fn fault(
    mount: &Mount,
    aspect: Option<&'static str>,
    severity: Severity,
    observed: String,
    impact: &str,
    value: String,
) -> Fault {
    let Mount { point, kind, source, .. } = mount;
    let (flag, deleted) = match aspect {
        Some("inodes") => ("--inodes", ""),
        _ => ("-h", "; what was deleted and is still open is not in it (H26)"),
    };
    Fault {
        severity,
        aspect,
        at: Some(point.clone()),
        observed,
        impact: format!("once {impact} on {point}"),
        fix: format!(
            "see what takes it: du -x {flag} --max-depth=2 {} | sort -h{deleted}; delete what nobody needs, or grow {source} and then its {kind}",
            quoted(point)
        ),
        actions: Vec::new(),
        risk: "what is deleted is gone; a file system that was grown cannot be made smaller again while it is mounted".to_owned(),
        reversible: false,
        evidence: vec![Evidence { probe: format!("statvfs {point} ({kind} on {source})"), value }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

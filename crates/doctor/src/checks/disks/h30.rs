//! H30: ext4 is mounted so that a loss of power breaks it or what is in it.
//!
//! Source: Linux `Documentation/admin-guide/ext4.rst`: barrier, data=writeback.

use super::file_systems;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mount, Window};

pub(super) static CHECK: Check = Check {
    id: "H30",
    title: "ext4 is mounted so that a loss of power may break it",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "no ext4 is mounted with nobarrier (barrier=0) or data=writeback",
    guardrail: "options of /etc/fstab under review; findmnt -t ext4 -O nobarrier",
    probes: &["/proc/self/mountinfo"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a loss of power or a crash of the host the file system needs repair, or files hold old contents of others; databases do not start.",
        culprit: "Somebody mounted it to be faster. Without barriers ext4 does not flush the cache of the disk, so its journal, and each fsync, may be lost or out of order. With data=writeback a file may show blocks that were never written after a crash.",
        proof: "The options that the kernel shows for the mounted file system: nobarrier or barrier=0, and data=writeback. XFS has had no such option since Linux 4.19. A disk whose cache keeps what it holds without power (a battery, capacitors) needs no barriers; that cannot be seen from here, and the kernel sends no flushes to a disk that says that it has no cache that could be lost.",
        fix: "mount -o remount,barrier=1 MOUNT at once, and take nobarrier out of /etc/fstab. data=writeback goes at the next mount only: take it out of /etc/fstab (tune2fs -o ^journal_data_writeback DEVICE if it is a default of the file system) and mount it again.",
        cost: "Each fsync waits for the disk: commits are slower on disks with a cache that is lost without power, and as fast on others. Undone by mounting it as before.",
        lab: "A file system on a file that is mounted with one of both, as it is drawn; mended by mounting it without.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let all: Vec<_> = file_systems(window)?.into_iter().filter(|it| is_ext(it)).collect();
    if all.is_empty() {
        return Err(Blind::OutOfPlace("no ext4 is mounted".to_owned()));
    }
    let faults = all.iter().flat_map(|it| faults(it)).collect();
    Ok(Verdict {
        observed: format!("{} mounts of ext4, each with barriers", all.len()),
        faults,
        unseen: None,
    })
}

fn is_ext(mount: &Mount) -> bool {
    matches!(mount.kind.as_str(), "ext3" | "ext4") && !mount.has("ro")
}

fn faults(mount: &Mount) -> Vec<Fault> {
    let barrier = ["nobarrier", "barrier=0"].into_iter().find(|it| mount.has(it));
    let writeback = Some("data=writeback").filter(|it| mount.has(it));
    let point = &mount.point;
    let mut faults = Vec::new();
    faults.extend(barrier.map(|option| {
        let impact = "a loss of power breaks the file system and loses what fsync said was kept, unless the disk's cache survives it";
        let fix = format!("mount -o remount,barrier=1 {point} (undo: barrier=0), and take {option} out of /etc/fstab");
        fault(mount, ("barrier", option), impact, fix)
    }));
    faults.extend(writeback.map(|option| {
        let impact =
            "after a crash files may hold blocks of others that were never written to them";
        let fix = format!(
            "take {option} out of /etc/fstab, umount {point} and mount it again (undo: put it back)"
        );
        fault(mount, ("data", option), impact, fix)
    }));
    faults
}

fn fault(
    mount: &Mount,
    (aspect, option): (&'static str, &str),
    impact: &str,
    fix: String,
) -> Fault {
    let Mount { point, kind, source, .. } = mount;
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(point.clone()),
        observed: format!("{kind} on {source} is mounted with {option}"),
        impact: impact.to_owned(),
        fix,
        actions: Vec::new(),
        risk: "each fsync waits for the disk again".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/self/mountinfo".to_owned(),
            value: format!("{point} {}", mount.features.join(",")),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! H28: the disk that a database waits for takes long to flush.
//!
//! Source: see [`flushes`](super::flushes).

use super::super::clock::ms;
use super::flushes::{Flushes, below};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{DataFolder, Device, Window};

pub(super) static CHECK: Check = Check {
    id: "H28",
    title: "the disk that a database waits for takes long to flush",
    severity: Severity::Warning,
    needs: "root, to see where servers of other users keep their data",
    expected: "a flush of the disk with the log of a database takes less than 10 ms on the mean; 50 ms of one that turns",
    guardrail: "alert on rate(node_disk_flush_requests_time_seconds_total[5m]) / rate(node_disk_flush_requests_total[5m]) > 0.01, and on etcd_disk_wal_fsync_duration_seconds",
    probes: &[
        "/proc/diskstats: flushes and the time they took",
        "/sys/dev/block: on which disks a file system lies",
        "/proc/PID/cwd and descriptors: where servers keep their data",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Commits take tens or hundreds of milliseconds while processors are idle and the database says nothing but \"COMMIT\"; etcd elects a new leader now and then; Redis logs \"Asynchronous AOF fsync is taking too long\".",
        culprit: "A commit is done when the disk says that it has written it, and that takes long: a volume that has used up its credit of operations, a disk that is shared with a backup or another database's log, a cache of a controller whose battery is gone, a disk without protection against loss of power.",
        proof: "Nothing is written. The kernel counts flushes and their time for each whole disk; what they grew between the two looks gives the mean, for each disk below the log of a running server whose data shall survive (see H29). Warns from 10 ms on, which is what etcd documents for its slowest hundredth, or 50 ms where the kernel says that the disk turns and the server is not etcd; from 5 flushes on. Kernels before 5.5 do not count them, and neither do disks without a cache, which need none.",
        fix: "See who else writes there: iostat -x 1, pidstat -d 1. Move backups and other logs off that disk, give the volume more operations, replace the battery or the disk. For bulk loads: larger transactions, as each commit waits for one flush.",
        cost: "Money, or the move of a log to another disk with the database stopped. Never turn fsync off for this: then a crash takes the database with it.",
        lab: "Redis with an append-only file on a file system on a file, each of whose flushes has many megabytes to write; mended by writing little.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let after = &window.after.host;
    let data = after.processes.seen()?.data.seen()?;
    if data.folders.is_empty() && data.hidden.is_empty() {
        return Err(Blind::OutOfPlace("no server was seen here that keeps data".to_owned()));
    }
    let (now, then) = (after.disks.seen()?, window.before.host.disks.seen()?);
    let mut faults: Vec<Fault> = Vec::new();
    let mut unseen = data
        .hidden
        .first()
        .map(|it| Blind::Denied(format!("root, to see where {it} keeps its data")));
    let mut told = Vec::new();
    for folder in &data.folders {
        for device in below(now, folder.log_device.as_ref()) {
            match Flushes::of(window, then, device) {
                Ok(flushes) => {
                    let Flushes { count, took_ms } = flushes;
                    told.push(format!("{count} flushes of {} took {took_ms} ms", device.name));
                    if let Some(found) = fault(folder, device, flushes, window.seconds()) {
                        faults.retain(|it| it.at != found.at || it.evidence != found.evidence);
                        faults.push(found);
                    }
                }
                Err(blind) => unseen = unseen.or(Some(blind)),
            }
        }
    }
    told.sort();
    told.dedup();
    if told.is_empty() && unseen.is_none() {
        return Err(Blind::OutOfPlace(
            "no server here keeps data on a disk that counts flushes".to_owned(),
        ));
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

fn fault(folder: &DataFolder, device: &Device, flushes: Flushes, seconds: f64) -> Option<Fault> {
    let mean = flushes.too_long(device, folder.kind)?;
    let Flushes { count, took_ms } = flushes;
    let DataFolder { process, folder: path, .. } = folder;
    let name = &device.name;
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("{name} of pid {}", process.pid)),
        observed: format!("a flush of {name} takes {} on the mean ({count} in {seconds:.1} s), and {process} waits for it", ms(mean)),
        impact: format!("each commit of it takes at least {}", ms(mean)),
        fix: format!("see who else writes to {name}: iostat -x 1 {name}; pidstat -d 1; move that away, or give the volume more"),
        actions: Vec::new(),
        risk: "a log that is moved needs the database stopped; never turn its waiting for the disk off for this".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: format!("/proc/diskstats {name}"), value: format!("{count} flushes, {took_ms} ms in {seconds:.1} s") },
            Evidence { probe: format!("/proc/{}", process.pid), value: format!("keeps its data in {path}") },
        ],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

//! B16: the logs of two systems wait for the same disk, and it keeps both waiting.
//!
//! Source: see [`flushes`](super::super::disks::flushes) for how long a flush may take; the documentation of etcd, "Hardware" and "Tuning", of a
//! disk of its own for the log; the documentation of PostgreSQL, 30.5, of a disk of its own for the write-ahead log.

use super::super::clock::ms;
use super::super::disks::flushes::{Flushes, below};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{DataFolder, Device, Kind, Window};

pub(super) static CHECK: Check = Check {
    id: "B16",
    title: "the logs of several servers wait for the same slow disk",
    severity: Severity::Warning,
    needs: "root, to see where servers of other users keep their data",
    expected: "where the logs of several servers are on one disk, a flush of it takes less than 10 ms on the mean; 50 ms of one that turns",
    guardrail: "a volume of its own for each log; alert on rate(node_disk_flush_requests_time_seconds_total[5m]) / rate(node_disk_flush_requests_total[5m]) > 0.01",
    probes: &[
        "/proc/PID/cwd and descriptors: where servers keep their data, and on which device the log is",
        "/sys/dev/block: on which disks a file system lies",
        "/proc/diskstats: flushes and the time they took",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Two systems that have nothing to do with each other become slow in the same second: commits of the database take long whenever the other rewrites its file, compacts or is backed up. Each alone looks well sized.",
        culprit: "Their logs are on one disk. A flush of a disk covers all that was written to it, by whomever, so the small commit of one waits for the many megabytes of the other; and a disk does one flush after the other.",
        proof: "Where the logs of at least two running servers, whose data shall survive, lie on the same whole disk, its flushes between the two looks are judged as in H28: 10 ms on the mean is a fault, or 50 ms of a disk that turns where none of them is etcd. That they share a disk is no fault while it keeps up, and is told with a check that passes. Two volumes of a provider, or of a hypervisor, that are on one disk in the end cannot be told from here.",
        fix: "Move the log of one to a volume of its own, that which writes most first. PostgreSQL: stop it, move pg_wal, leave a symbolic link. Redis: stop it, move its dir. MySQL: innodb_log_group_home_dir and log_bin. etcd: --wal-dir, one member after the other.",
        cost: "The server that is moved is stopped for as long as it takes to copy its log; a volume costs money. Undone by moving it back the same way. Never turn fsync off for this: then a crash takes the data with it.",
        lab: "Two servers of Redis with append-only files on one file system on a file, each of whose flushes has many megabytes to write; mended by ending one of them.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let after = &window.after.host;
    let data = after.processes.seen()?.data.seen()?;
    let hidden = data.hidden.first();
    let mut unseen =
        hidden.map(|it| Blind::Denied(format!("root, to see where {it} keeps its data")));
    if data.folders.len() + data.hidden.len() < 2 {
        return Err(Blind::OutOfPlace("no two servers were seen here that keep data".to_owned()));
    }
    let (now, then) = (after.disks.seen()?, window.before.host.disks.seen()?);
    let (mut told, mut faults) = (Vec::new(), Vec::new());
    for disk in now.devices.seen()?.iter().filter(|it| it.disks.contains(&it.name)) {
        let is_on = |it: &&DataFolder| {
            below(now, it.log_device.as_ref()).iter().any(|below| below.name == disk.name)
        };
        let folders: Vec<&DataFolder> = data.folders.iter().filter(is_on).collect();
        if folders.len() < 2 {
            continue;
        }
        let flushes = match Flushes::of(window, then, disk) {
            Ok(flushes) => flushes,
            Err(blind) => {
                unseen = unseen.or(Some(blind));
                continue;
            }
        };
        let Flushes { count, took_ms } = flushes;
        let name = &disk.name;
        told.push(format!("{} are on {name}: {count} flushes took {took_ms} ms", names(&folders)));
        faults.extend(fault(&folders, disk, flushes, window.seconds()));
    }
    if told.is_empty() && unseen.is_none() {
        told.push("no two servers have their logs on one disk".to_owned());
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

fn names(folders: &[&DataFolder]) -> String {
    let names: Vec<String> = folders.iter().map(|it| it.process.to_string()).collect();
    names.join(" and ")
}

fn fault(folders: &[&DataFolder], disk: &Device, flushes: Flushes, seconds: f64) -> Option<Fault> {
    // What is too long for one of them is.
    let strictest = if folders.iter().any(|it| it.kind == Kind::Etcd) {
        Kind::Etcd
    } else {
        folders.first()?.kind
    };
    let mean = ms(flushes.too_long(disk, strictest)?);
    let Flushes { count, took_ms } = flushes;
    let (name, who) = (&disk.name, names(folders));
    let counted = format!("{count} flushes, {took_ms} ms in {seconds:.1} s");
    let mut evidence =
        vec![Evidence { probe: format!("/proc/diskstats {name}"), value: counted.clone() }];
    evidence.extend(folders.iter().map(|it| Evidence {
        probe: format!("/proc/{}", it.process.pid),
        value: format!("keeps its data in {}", it.folder),
    }));
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("disk {name}")),
        observed: format!("{who} wait for {name}, whose flush takes {mean} on the mean ({counted})"),
        impact: format!("each commit of one waits for what the others write: at least {mean}"),
        fix: "see which writes most: pidstat -d 1; move its log to a volume of its own, stopped: for PostgreSQL pg_wal and a symbolic link, for Redis its dir, for MySQL innodb_log_group_home_dir, for etcd --wal-dir".to_owned(),
        actions: Vec::new(),
        risk: "it is stopped while its log is copied; never turn its waiting for the disk off for this".to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

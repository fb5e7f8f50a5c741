//! H31: hardware says of itself that it fails: an array lacks disks, a disk does not work or is too hot, memory or a disk gives back something else than
//! what was written.
//!
//! Source: Linux `Documentation/admin-guide/md.rst`; `Documentation/admin-guide/RAS/main.rst`: an uncorrected error is lost data, corrected ones
//! announce it; `Documentation/admin-guide/nvme-hwmon` and `drivers/nvme/host/core.c`, the states of a controller; btrfs-device(8), `stats`.
//! That ten corrected errors within two looks are more than a ray from space is this project's choice.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Array, Drive, Health, MemoryController, Volume, Window};

/// From so many corrected errors of memory in a window on it is a module that fails.
const CORRECTED_MIN: u64 = 10;

/// Levels that may lack a disk: the kernel counts what they lack.
const REDUNDANT: [&str; 5] = ["raid1", "raid4", "raid5", "raid6", "raid10"];

/// States of disks that work, or are only coming up.
const WORKING: [&str; 4] = ["running", "live", "new", "created"];

/// States of disks that are between two others.
const PASSING: [&str; 9] = [
    "resetting",
    "connecting",
    "deleting",
    "deleting (no IO)",
    "deleted",
    "blocked",
    "created-blocked",
    "quiesce",
    "cancel",
];

pub(super) static CHECK: Check = Check {
    id: "H31",
    title: "a disk, an array or memory says that it fails",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "arrays have all their disks, disks work, memory and btrfs count no new errors",
    guardrail: "alert on node_md_disks{state=\"failed\"} > 0, node_md_degraded > 0, increase(node_edac_uncorrectable_errors_total[1h]) > 0, increase(node_btrfs_device_errors_total[1h]) > 0; smartd",
    probes: &[
        "/sys/block/*/md/array_state, level, metadata_version, raid_disks, degraded, sync_action",
        "/sys/block/sd*/device/state",
        "/sys/class/nvme/nvme*/state, and hwmon*/temp1_alarm of those that are live",
        "/sys/devices/system/edac/mc/mc*/ce_count and ue_count",
        "/sys/fs/btrfs/*/devinfo/*/error_stats",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing: an array runs with a disk less as it should. Or single reads fail, programs crash at random, files have changed by themselves.",
        culprit: "A disk has failed and nobody replaced it, so that the next one takes the data with it; a disk does not answer any more or is too hot; a module of memory flips bits; a disk gives back something else than what was written, which of all common file systems btrfs alone sees.",
        proof: "array: degraded of md is above zero, or its state is broken; or it did not start (inactive), unless it is a container of arrays, which never does; critical if it does not work, or no other disk may fail (raid1 with one left, raid4, raid5, raid10 with one missing, raid6 with two). disk: a state of NVMe or SCSI that is not live or running, at both looks where it is one that passes; its own alarm of heat. memory: any uncorrected error between the two looks, or ten corrected ones; fewer are told as information. btrfs: any error of a disk between the two looks; what was counted before is not judged: btrfs device stats shows it. Not looked at: SMART and the health log of NVMe, which take root and a command to the disk (smartctl -a), controllers of RAID, and ZFS. Memory counts only where the kernel has a driver for its controller (EDAC): in virtual machines there is none.",
        fix: "array: mdadm --detail /dev/mdN names the slot; put a new disk in, mdadm /dev/mdN --add /dev/NEW, and watch /proc/mdstat. One that did not start: bring the disks back that it lacks (mdadm --examine of each tells), mdadm --stop /dev/mdN and mdadm --assemble --scan; never mdadm --create over it. disk: journalctl -k names the error; smartctl -a /dev/X; replace it. memory: the module by its label (ras-mc-ctl --errors, dmidecode -t memory); move the load away first. btrfs: btrfs scrub start MOUNT mends from a second copy where there is one; else the files that journalctl -k names come from a backup; replace the disk (btrfs replace).",
        cost: "A rebuild reads all other disks for hours, in which old ones fail as well: see that the backup is whole first. A change of memory is a stop of the machine.",
        lab: "A file system of btrfs on a file, in which a drawn number of blocks of a file were changed behind its back, and are read; mended by removing that file. Arrays, states of disks and memory take hardware or a part of the kernel that is not at hand: they are tried on composed numbers, after the kernel's documentation.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let health = window.after.host.disks.seen()?.health.seen()?;
    let Health { arrays, drives, memory, volumes } = health;
    let counts = [arrays.len(), drives.len(), memory.len(), volumes.len()];
    if counts.iter().all(|count| *count == 0) {
        let why =
            "nothing here tells of itself: no array, no disk of NVMe or SCSI, no EDAC, no btrfs";
        return Err(Blind::OutOfPlace(why.to_owned()));
    }
    let (mut faults, mut unseen) = (Vec::new(), None);
    for array in arrays {
        match of_array(array) {
            Ok(fault) => faults.extend(fault),
            Err(blind) => unseen = Some(blind),
        }
    }
    faults.extend(drives.iter().filter_map(|it| of_drive(window, it)));
    let grown = memory.iter().map(|it| of_memory(window, it));
    for found in grown.chain(volumes.iter().map(|it| of_volume(window, it))) {
        match found {
            Ok(fault) => faults.extend(fault),
            Err(blind) => unseen = Some(blind),
        }
    }
    let [arrays, drives, memory, volumes] = counts;
    let observed = format!(
        "{arrays} arrays are whole, {drives} disks work, {memory} controllers of memory and {volumes} disks of btrfs counted no error in {:.1} s",
        window.seconds()
    );
    Ok(Verdict { observed, faults, unseen })
}

struct Words {
    severity: Severity,
    aspect: &'static str,
    at: String,
    observed: String,
    impact: &'static str,
    fix: String,
    risk: &'static str,
    probe: String,
}

fn fault(words: Words) -> Fault {
    let Words { severity, aspect, at, observed, impact, fix, risk, probe } = words;
    Fault {
        severity,
        aspect: Some(aspect),
        at: Some(at),
        impact: impact.to_owned(),
        fix,
        actions: Vec::new(),
        risk: risk.to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe, value: observed.clone() }],
        observed,
        confidence: Confidence::High,
    }
}

/// Of how many disks an array may lose any.
fn spare(array: &Array) -> u64 {
    match array.level.as_str() {
        "raid1" => array.disks.saturating_sub(1),
        "raid4" | "raid5" | "raid10" => 1,
        "raid6" => 2,
        _ => 0,
    }
}

/// Whether it should work and was not started, as it lacks too many disks or nobody did. A container only holds what arrays share, and
/// is never started; the arrays in it name it with a slash.
fn is_down(array: &Array) -> bool {
    let Array { metadata, state, disks, .. } = array;
    let is_container =
        metadata.strip_prefix("external:").is_some_and(|within| !within.starts_with('/'));
    match state.as_str() {
        "inactive" => !is_container,
        "clear" => *disks > 0,
        _ => false,
    }
}

fn down(array: &Array) -> Fault {
    let Array { name, level, state, disks, .. } = array;
    // Where it was not even begun, its level and number are not known.
    let what = if level.is_empty() { "array" } else { level.as_str() };
    let of = if *disks > 0 { format!(" of {disks} disks") } else { String::new() };
    fault(Words {
        severity: Severity::Critical,
        aspect: "array",
        at: name.clone(),
        observed: format!("{what} {name}{of} did not start: it is {state}"),
        impact: "what is on it cannot be read or written now",
        fix: format!(
            "mdadm --detail /dev/{name}, and mdadm --examine of each disk tell which it lacks; bring those back, then mdadm --stop /dev/{name} and mdadm --assemble --scan; never mdadm --create over it"
        ),
        risk: "looking changes nothing; put together by force, a disk that was left behind counts as whole, and what was written since is mixed with older blocks",
        probe: format!("/sys/block/{name}/md"),
    })
}

fn of_array(array: &Array) -> Result<Option<Fault>, Blind> {
    if is_down(array) {
        return Ok(Some(down(array)));
    }
    let Array { name, level, state, disks, missing, action, .. } = array;
    let is_broken = state == "broken";
    // A level that has nothing to spare does not count what it lacks.
    let missing = match missing {
        Some(missing) => *missing,
        None if is_broken || !REDUNDANT.contains(&level.as_str()) => 0,
        None => {
            return Err(Blind::Absent(format!(
                "number of disks that {level} {name} lacks: it is {state}"
            )));
        }
    };
    if missing == 0 && !is_broken {
        return Ok(None);
    }
    let is_last = is_broken || missing >= spare(array);
    let action = match action.as_str() {
        "" | "idle" => "nothing rebuilds it".to_owned(),
        action => format!("sync_action is {action}"),
    };
    Ok(Some(fault(Words {
        severity: if is_last { Severity::Critical } else { Severity::Warning },
        aspect: "array",
        at: name.clone(),
        observed: format!(
            "{level} {name} of {disks} disks lacks {missing}; it is {state}, {action}"
        ),
        impact: if is_broken {
            "what is on it cannot be read or written now"
        } else if is_last {
            "the next disk that fails takes the data with it"
        } else {
            "one disk less may fail from now on"
        },
        fix: format!(
            "mdadm --detail /dev/{name} names the slot; put a new disk in, then mdadm /dev/{name} --add /dev/NEW, and watch /proc/mdstat"
        ),
        risk: "a rebuild reads all other disks for hours: see that the backup is whole first",
        probe: format!("/sys/block/{name}/md"),
    })))
}

fn of_drive(window: &Window<'_>, drive: &Drive) -> Option<Fault> {
    let Drive { name, state, is_hot } = drive;
    let before = window.before.host.disks.seen().ok().and_then(|it| it.health.seen().ok());
    let before = before.and_then(|it| it.drives.iter().find(|it| it.name == *name));
    let is_passing = PASSING.contains(&state.as_str());
    let stays = before.is_some_and(|it| it.state == *state);
    let risk = "none: looking changes nothing";
    if !WORKING.contains(&state.as_str()) && (!is_passing || stays) {
        return Some(fault(Words {
            severity: if is_passing { Severity::Warning } else { Severity::Critical },
            aspect: "disk",
            at: name.clone(),
            observed: format!("disk {name} is {state}"),
            impact: "reads and writes of it fail or wait",
            fix: format!(
                "journalctl -k | grep {name} names the error; smartctl -a /dev/{name}; replace it"
            ),
            risk,
            probe: format!("state of {name}"),
        }));
    }
    (*is_hot == Some(true)).then(|| {
        fault(Words {
            severity: Severity::Warning,
            aspect: "heat",
            at: name.clone(),
            observed: format!("disk {name} says that it is too hot or too cold"),
            impact: "it becomes slow to protect itself, and fails early",
            fix: format!(
                "smartctl -a /dev/{name} shows the temperature; see to its fans and its place"
            ),
            risk,
            probe: format!("temp1_alarm of {name}"),
        })
    })
}

fn of_memory(window: &Window<'_>, now: &MemoryController) -> Result<Option<Fault>, Blind> {
    let grown = |what: &str, of: fn(&MemoryController) -> Option<u64>| {
        window.host_growth(&format!("{what} of {}", now.name), |host| {
            let memory = &host.disks.seen()?.health.seen()?.memory;
            Ok(memory.iter().find(|it| it.name == now.name).and_then(of))
        })
    };
    let corrected = grown("ce_count", |it| it.corrected)?;
    let uncorrected = grown("ue_count", |it| it.uncorrected)?;
    if corrected + uncorrected == 0 {
        return Ok(None);
    }
    let severity = match (uncorrected, corrected) {
        (0, 0..CORRECTED_MIN) => Severity::Info,
        (0, _) => Severity::Warning,
        _ => Severity::Critical,
    };
    Ok(Some(fault(Words {
        severity,
        aspect: "memory",
        at: now.name.clone(),
        observed: format!(
            "{uncorrected} errors of memory could not be corrected and {corrected} were in {:.1} s",
            window.seconds()
        ),
        impact: if uncorrected > 0 {
            "what was in that memory is wrong: programs crash, and may write it to disk"
        } else {
            "nothing yet; errors that cannot be corrected follow where they go on"
        },
        fix: "ras-mc-ctl --errors and dmidecode -t memory name the module; move the load away, and replace it".to_owned(),
        risk: "a change of memory is a stop of the machine",
        probe: format!("/sys/devices/system/edac/mc/{}/ce_count and ue_count", now.name),
    })))
}

fn of_volume(window: &Window<'_>, now: &Volume) -> Result<Option<Fault>, Blind> {
    let mut told = Vec::new();
    for kind in now.errors.keys() {
        let grown = window.host_growth(&format!("{kind} of {}", now.id), |host| {
            let volumes = &host.disks.seen()?.health.seen()?.volumes;
            let found = volumes.iter().find(|it| it.id == now.id && it.disk == now.disk);
            Ok(found.and_then(|it| it.errors.get(kind).copied()))
        })?;
        if grown > 0 {
            told.push(format!("{grown} {kind}"));
        }
    }
    if told.is_empty() {
        return Ok(None);
    }
    let devices = now.devices.join(", ");
    Ok(Some(fault(Words {
        severity: Severity::Critical,
        aspect: "btrfs",
        at: now.id.clone(),
        observed: format!(
            "disk {} of btrfs on {devices}: {} in {:.1} s",
            now.disk,
            told.join(", "),
            window.seconds()
        ),
        impact: "what is read there is refused, or comes from the other copy if there is one; without one those files are lost",
        fix: format!(
            "btrfs device stats of where UUID={} is mounted; btrfs scrub start mends from a second copy; else take the files that journalctl -k names from a backup; replace the disk",
            now.id
        ),
        risk: "a scrub reads all there is, for hours",
        probe: format!("/sys/fs/btrfs/{}/devinfo/{}/error_stats", now.id, now.disk),
    })))
}

#[cfg(test)]
mod tests;

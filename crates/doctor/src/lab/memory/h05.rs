//! A program in a small group that takes more than it may have, and is killed; and a look a day later.

use crate::lab::cgroups::{Group, MIB, take};
use crate::lab::{Stage, Stop, failing, run as program};
use crate::probe::Moment;

/// The looks that find it no more.
const LATER_MS: u64 = 25 * 60 * 60 * 1_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(16, 25) * MIB;
    let group = Group::with_memory("h05", limit, false)?;
    let target = format!(" {}", group.path());
    let found = stage.between(|| take(&group, limit * 2))?;
    let log = program("dmesg", &[])?;
    // The last one is its own.
    let line = log.lines().rev().find_map(|line| line.split_once("Killed process "));
    let (_, victim) = line.ok_or("the kernel's log has no kill")?;
    let pid = victim.split(' ').next().unwrap_or_default();
    let record = failing(&found, &target)
        .ok_or_else(|| format!("pid {pid} was killed; the check says {found:?}"))?;
    if !record.observed.contains(&format!(" ago: pid {pid} \"tail\"")) {
        return Err(format!("pid {pid} was killed; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    let later = || {
        let Moment { at_ms, up_ms } = (stage.now)();
        Moment { at_ms: at_ms + LATER_MS, up_ms: up_ms + LATER_MS }
    };
    let a_day_later = Stage { now: &later, ..stage.clone() };
    let mended = a_day_later.between(|| Ok(()))?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("that was a day ago; the check says {record:?}").into()),
    }
}

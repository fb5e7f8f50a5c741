//! A program in a small group that takes more than it may have, and is killed.

use super::{Group, MIB};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(16, 25) * MIB;
    let group = Group::with_memory("h06", limit, false)?;
    let target = format!(" {}", group.path());
    let found = stage.between(|| take(&group, limit * 2))?;
    let killed =
        group.value(["memory.oom_control", "oom_kill"], ["memory.events.local", "oom_kill"])?;
    if killed == 0 {
        return Err("nothing was killed".into());
    }
    let record = failing(&found, &target)
        .ok_or_else(|| format!("{killed} were killed; the check says {found:?}"))?;
    let wanted = match killed {
        1 => " lost a process ".to_owned(),
        killed => format!(" lost {killed} processes "),
    };
    let of = format!(", of {} MiB", limit / MIB);
    if !(record.observed.contains(&wanted) && record.observed.ends_with(&of)) {
        return Err(format!("it{wanted}{of}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    // Mended: the program is gone, so nothing grows any more.
    let mended = stage.between(|| Ok(()))?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("nothing is killed now; the check says {record:?}").into()),
    }
}

/// Has a program of the group keep so many bytes in memory: a line without an end.
pub(in crate::lab) fn take(group: &Group, bytes: u64) -> Result<(), Stop> {
    group.run(&format!("head -c {bytes} /dev/zero | tail -n 1"))
}

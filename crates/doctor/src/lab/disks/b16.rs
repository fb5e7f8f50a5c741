//! Two servers of Redis on one file system whose disk, a file, has many megabytes to write at each flush; mended by ending one.

use super::flushes::{Slow, keeps_data};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let slow = Slow::new("b16")?;
    let (one, first) = slow.redis("one")?;
    let (two, second) = slow.redis("two")?;
    keeps_data(stage, &[&first, &second])?;
    let target = format!("disk {}", slow.disk);
    stage.until("they share it, and it keeps up", |records| {
        failing(records, &target).is_none()
            && records.iter().any(|it| it.observed.contains(&slow.disk))
    })?;
    let (record, mib) = slow.found(stage, &target)?;
    let seen = record.observed;
    for pid in [one.pid(), two.pid()] {
        if !seen.contains(&format!("pid {pid} ")) {
            return Err(format!("pid {pid} waits, too; the check says {seen}").into());
        }
    }
    drop(two);
    // The other alone may wait as long: that is H28.
    let (records, _) = slow.flush(stage, mib)?;
    if let Some(record) = failing(&records, &target) {
        return Err(format!("one is left; the check says {}", record.observed).into());
    }
    Ok(seen)
}

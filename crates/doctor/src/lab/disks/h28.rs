//! Redis on a file system whose disk, a file, has many megabytes to write at each flush.

use super::flushes::{Slow, keeps_data};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let slow = Slow::new("h28")?;
    let (redis, file) = slow.redis("data")?;
    keeps_data(stage, &[&file])?;
    let target = format!("{} of pid {}", slow.disk, redis.pid());
    let seen = slow.found(stage, &target)?.0.observed;
    stage.until("little is written", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

//! A server of Redis on a machine that guesses what it may promise.

use super::redis::{Redis, status_mib};
use super::setting::Setting;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let mode = Setting::set("/proc/sys/vm/overcommit_memory", "0")?;
    let redis = Redis::start("h04", &[])?;
    redis.fill(stage.draw(5, 40))?;
    let pid = redis.pid();
    let target = format!(" pid {pid}");
    let found = stage.until("Redis is named with what it holds", |records| {
        let wanted = status_mib(pid, "VmRSS").map(|mib| format!(" with {mib} MiB resident"));
        let told = failing(records, &target).map(|it| it.observed.as_str());
        told.zip(wanted.ok()).is_some_and(|(told, wanted)| told.contains(&wanted))
    })?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    mode.change("1")?;
    stage.until("nothing is refused", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

//! A server of Redis that does not switch huge pages off, while the machine gives them to all.

use super::redis::Redis;
use super::setting::Setting;
use crate::lab::{Stage, Stop, failing};
use crate::record::Severity;

const PATH: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let chosen = Setting::set(PATH, "always")?;
    let redis = Redis::start("h01", &["--disable-thp", "no"])?;
    redis.fill(stage.draw(2, 20))?;
    let pid = redis.pid();
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).map_err(|error| format!("read {path}: {error}"))?;
    if !status.lines().any(|line| line.starts_with("THP_enabled:")) {
        return Err(Stop::Missing("THP_enabled in /proc/PID/status: Linux 5.0".to_owned()));
    }
    if !status.lines().any(|line| line == "THP_enabled:\t1") {
        return Err("Redis has switched huge pages off, though it was told not to".into());
    }
    let target = format!(" pid {pid}");
    let found = stage.until("Redis takes huge pages", |records| {
        failing(records, &target).is_some_and(|it| it.severity == Severity::Warning)
    })?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    chosen.change("madvise")?;
    stage.until("they are for those that ask", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

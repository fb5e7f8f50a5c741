//! A program that never rests, in a group with a small quota.

use super::Group;
use crate::lab::{PATIENCE, PAUSE, Stage, Stop, failing};

/// More than the check needs.
const PERIODS: u64 = 11;

const PERIOD_US: u64 = 100_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let group = Group::new("cpu", "h08")?;
    let quota = stage.draw(10, 20) * PERIOD_US / 100;
    group.write("cpu.cfs_period_us", "cpu.max", &quota_text(&group, quota))?;
    if group.folder().join("cpu.cfs_quota_us").exists() {
        group.write("cpu.cfs_quota_us", "", &quota.to_string())?;
    }
    let _busy = group.start("bash", &["-c", "while :; do :; done"])?;
    let target = format!(" {}", group.path());
    let stat = |name| group.value(["cpu.stat", name], ["cpu.stat", name]);
    let outer = stat("nr_throttled")?;
    let mut inner = 0;
    let found = stage.between(|| {
        let (first, begin) = (stat("nr_throttled")?, stat("nr_periods")?);
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            if stat("nr_periods")? >= begin + PERIODS {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        inner = stat("nr_throttled")? - first;
        Ok(())
    })?;
    let outer = stat("nr_throttled")? - outer;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("it was stopped {inner} times; the check says {found:?}"))?;
    let told = record.observed.split(" was stopped in ").nth(1);
    let told: Option<u64> = told.and_then(|rest| rest.split(' ').next()?.parse().ok());
    let quota = format!("a quota of 0.{:02} processors", quota * 100 / PERIOD_US);
    if !told.is_some_and(|told| (inner..=outer).contains(&told))
        || !record.observed.ends_with(&quota)
    {
        let wanted = format!("it was stopped {inner} to {outer} times with {quota}");
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    // Mended: without a quota.
    group.write("cpu.cfs_quota_us", "cpu.max", if is_one(&group) { "-1" } else { "max" })?;
    stage.until("nothing stops it any more", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

fn is_one(group: &Group) -> bool {
    group.folder().join("cpu.cfs_quota_us").exists()
}

/// With version 1 the period alone.
fn quota_text(group: &Group, quota: u64) -> String {
    if is_one(group) { PERIOD_US.to_string() } else { format!("{quota} {PERIOD_US}") }
}

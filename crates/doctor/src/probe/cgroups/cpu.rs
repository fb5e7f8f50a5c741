//! What a group may run. Source: Linux Documentation/scheduler/sched-bwc.rst and admin-guide/cgroup-v2.rst.

use std::io;
use std::path::Path;

use super::{Look, read, value};
use crate::probe::memory::pressure_of;
use crate::snapshot::CpuGroup;

pub(super) fn look(folder: &Path, path: &str, version: u8) -> Look<CpuGroup> {
    match group(folder, version) {
        Ok(Some(group)) => Look::Group(CpuGroup { path: path.to_owned(), version, ..group }),
        Ok(None) => Look::Nothing,
        Err(_) => Look::Unseen,
    }
}

/// None without a quota: then there is nothing to be stopped by.
fn group(folder: &Path, version: u8) -> io::Result<Option<CpuGroup>> {
    let quota = if version == 1 {
        let (quota, period) =
            (read(folder, "cpu.cfs_quota_us")?, read(folder, "cpu.cfs_period_us")?);
        quota.zip(period).map(|(quota, period)| format!("{} {}", quota.trim(), period.trim()))
    } else {
        read(folder, "cpu.max")?
    };
    let Some((quota_us, period_us)) = quota.as_deref().and_then(parse_quota) else {
        return Ok(None);
    };
    let Some(stat) = read(folder, "cpu.stat")? else { return Ok(None) };
    let pressure = read(folder, "cpu.pressure")?;
    let group = CpuGroup {
        quota_us,
        period_us,
        pressure: pressure.as_deref().and_then(pressure_of),
        ..CpuGroup::default()
    };
    Ok(parse_stat(&stat, group))
}

/// `50000 100000`; none if there is no quota, which is `max` or -1.
fn parse_quota(text: &str) -> Option<(u64, u64)> {
    let (quota, period) = text.trim().split_once(' ')?;
    Some((quota.parse().ok()?, period.parse().ok()?))
}

/// `cpu.stat`: version 1 tells how long it was stopped in nanoseconds, version 2 in microseconds.
fn parse_stat(text: &str, group: CpuGroup) -> Option<CpuGroup> {
    let of = |name| value(text, name);
    let throttled_us = of("throttled_usec").or_else(|| Some(of("throttled_time")? / 1_000))?;
    let (periods, throttled) = (of("nr_periods")?, of("nr_throttled")?);
    Some(CpuGroup { periods, throttled, throttled_us, ..group })
}

#[cfg(test)]
mod tests;

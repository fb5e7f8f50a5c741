//! That of H03, with a server of Redis beside it.

use super::h03::{Thrash, swapped_in, wait};
use super::redis::Redis;
use super::setting::Setting;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let swappiness = stage.draw(30, 60).to_string();
    let setting = Setting::set("/proc/sys/vm/swappiness", &swappiness)?;
    let redis = Redis::start("h02", &[])?;
    let thrash = Thrash::start(stage, "h02", 1)?;
    let found = stage.between(|| wait(swapped_in()?))?;
    let record = failing(&found, "host").ok_or_else(|| format!("the check says {found:?}"))?;
    let wanted = format!("vm.swappiness is {swappiness} beside ");
    if !record.observed.starts_with(&wanted) {
        return Err(format!("{wanted}Redis; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    setting.change("10")?;
    let mended = stage.between(|| Ok(()))?;
    drop((thrash, redis));
    match failing(&mended, "host") {
        None => Ok(seen),
        Some(record) => Err(format!("it is 10 now; the check says {record:?}").into()),
    }
}

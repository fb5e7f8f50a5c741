//! A server that is a replica and may be written; mended by having it be read only.

use super::pair::Replicated;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let both = Replicated::start("m04", &[], &[])?;
    let replica = &both.replica;
    let stage = stage.asking(replica.seen());
    let found = stage
        .until("it may be written", |records| failing(records, &replica.target()).is_some())?;
    let record = failing(&found, &replica.target()).ok_or("it is gone again")?;
    let shown = replica.sql("SELECT IF(@@read_only, 'ON', 'OFF')")?;
    if record.observed != format!("it is a replica, and read_only is {shown}") {
        return Err(format!("read_only is {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    replica.sql("SET GLOBAL read_only = ON")?;
    stage.until("it is read only", |records| failing(records, &replica.target()).is_none())?;
    Ok(seen)
}

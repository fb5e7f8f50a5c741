//! Several programs in a small group that go round much more memory, with a file as swap, until that is felt in the last minute.

use super::h03::{Thrash, waits};
use crate::lab::{Stage, Stop, failing};

const TARGET: &str = " memory";

/// One alone runs while its disk is fast; of so many one waits nearly always.
const PROGRAMS: usize = 6;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let thrash = Thrash::start(stage, "h07", PROGRAMS)?;
    let found = stage.until("a task waited for a tenth of the last minute", |records| {
        let told = waits("avg60=").map(|percent| format!(" for {percent:.1} % of the last minute"));
        let record = failing(records, TARGET);
        record.zip(told.ok()).is_some_and(|(record, told)| record.observed.contains(&told))
    })?;
    let seen = failing(&found, TARGET).ok_or("it is gone again")?.observed.clone();
    drop(thrash);
    stage.until("the last minute forgets", |records| failing(records, TARGET).is_none())?;
    Ok(seen)
}

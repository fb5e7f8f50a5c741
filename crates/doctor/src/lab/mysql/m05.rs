//! A replica with a log of its own to which something is written; mended by taking that out of the log, and of the tables.

use super::pair::Replicated;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let both = Replicated::start("m05", &[], &["--log-bin=log", "--log-slave-updates"])?;
    both.source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)")?;
    let reached = both.source.sql("SELECT @@gtid_binlog_pos")?;
    both.replica.awaits("SELECT @@gtid_slave_pos", &reached)?;
    let stage = stage.asking(both.replica.seen());
    let target = both.replica.target();
    stage.until("it has what its source has", |records| failing(records, &target).is_none())?;
    let writes = stage.draw(1, 9);
    for id in 0..writes {
        both.replica.sql(&format!("INSERT INTO shop.t VALUES ({id})"))?;
    }
    let found = stage.until("it has more", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let told = both.replica.sql("SELECT @@gtid_binlog_pos, @@gtid_slave_pos")?;
    let (written, applied) = told.split_once('\t').unwrap_or_default();
    let wanted = format!("it wrote {written} itself; of its source it has {applied}");
    if record.observed != wanted || applied != reached {
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    // The replica forgets its own log, and is told again what it has of its source.
    both.replica.sql(&format!(
        "STOP SLAVE; SET SESSION sql_log_bin = 0; DELETE FROM shop.t; RESET MASTER; \
         SET GLOBAL gtid_slave_pos = '{applied}'; START SLAVE"
    ))?;
    stage.until("it has no more", |records| failing(records, &target).is_none())?;
    Ok(wanted)
}

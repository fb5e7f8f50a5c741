//! A server that is to wait for a replica and has none, and commits; mended by a replica that answers.

use super::pair::Replicated;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let options = ["--rpl-semi-sync-master-timeout=20"];
    let both = Replicated::start("m17", &options, &["--rpl-semi-sync-slave-enabled=ON"])?;
    both.replica.sql("STOP SLAVE")?;
    let commits = stage.draw(1, 20);
    both.source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); SET GLOBAL rpl_semi_sync_master_enabled = ON")?;
    for id in 0..commits {
        both.source.sql(&format!("INSERT INTO shop.t VALUES ({id})"))?;
    }
    let seen = stage.asking(both.source.seen());
    let target = both.source.target();
    let found = seen.until("it went on alone", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let shown = both.source.sql(
        "SELECT GROUP_CONCAT(VARIABLE_VALUE ORDER BY VARIABLE_NAME) FROM information_schema.GLOBAL_STATUS \
         WHERE VARIABLE_NAME IN ('RPL_SEMI_SYNC_MASTER_STATUS', 'RPL_SEMI_SYNC_MASTER_CLIENTS')",
    )?;
    let said = record.observed.clone();
    if shown != "0,OFF" || said != "it is enabled and not in effect; 0 replicas would answer" {
        return Err(format!("replicas and status are {shown}; the check says {said}").into());
    }
    both.replica.sql("START SLAVE")?;
    seen.until("a replica answers", |records| failing(records, &target).is_none())?;
    Ok(said)
}

//! A replica that has a row already which its source writes, or whose source is gone; mended by taking the row away, or by having
//! the source back.

use super::pair::Replicated;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let mut both = Replicated::start("m03", &[], &[])?;
    both.source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)")?;
    both.replica.awaits(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'",
        "1",
    )?;
    let stage = stage.asking(both.replica.seen());
    let target = both.replica.target();
    stage.until("it follows", |records| failing(records, &target).is_none())?;
    let row = stage.draw(1, 1_000);
    let is_apply = stage.draw(0, 2) == 0;
    if is_apply {
        both.replica.sql(&format!("INSERT INTO shop.t VALUES ({row})"))?;
        both.source.sql(&format!("INSERT INTO shop.t VALUES ({row})"))?;
    } else {
        both.source.end();
    }
    let field = if is_apply { "Last_SQL_Errno" } else { "Last_IO_Errno" };
    let found = stage.until("it does not follow", |records| {
        failing(records, &target).is_some_and(|it| it.observed.contains("after error"))
    })?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let number = both.of_replica(field)?;
    if !record.observed.ends_with(&format!("after error {number}")) {
        return Err(format!("{field} is {number}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    if is_apply {
        both.replica.sql(&format!("DELETE FROM shop.t WHERE id = {row}; START SLAVE"))?;
    } else {
        both.source.start_again()?;
    }
    stage.until("it follows again", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

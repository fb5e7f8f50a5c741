//! A sequence of 64 bits at a column of 32, near its end; mended by a wider column.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let at = "public.orders_id_seq";
    let last = stage.draw(1_620_000_000, 500_000_000);
    let server = Server::start(&[])?;
    server.sql("CREATE SEQUENCE orders_id_seq; CREATE TABLE orders (id int DEFAULT nextval('orders_id_seq') PRIMARY KEY)")?;
    server.sql(&format!("SELECT setval('orders_id_seq', {last})"))?;
    let stage = stage.asking(server.seen());
    let found = stage.until("it comes to its end", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let shown =
        server.sql("SELECT last_value, last_value * 100 / 2147483647 FROM orders_id_seq")?;
    let (value, percent) = shown.split_once('|').unwrap_or_default();
    if !record.observed.contains(&format!("is at {value}, {percent} % of 2147483647")) {
        return Err(format!("it is at {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("ALTER TABLE orders ALTER COLUMN id TYPE bigint")?;
    stage.until("the column is wide", |it| failing(it, at).is_none())?;
    Ok(seen)
}

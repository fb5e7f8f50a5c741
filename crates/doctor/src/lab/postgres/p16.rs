//! A page of a table that is overwritten while the server is stopped; mended by forgetting it, as after a repair.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let reads = stage.draw(1, 5);
    let server = Server::made(&["--data-checksums"], &[])?;
    server.sql("CREATE TABLE orders AS SELECT generate_series(1, 10) AS id")?;
    let file =
        server.path(&format!("data/{}", server.sql("SELECT pg_relation_filepath('orders')")?));
    server.stop()?;
    let page = OpenOptions::new().write(true).open(file).map_err(failed("open the table"))?;
    page.write_all_at(b"groundsill", 8_000).map_err(failed("overwrite a page"))?;
    server.start_again(&server.options(&[]))?;
    for _ in 0..reads {
        if server.sql("SELECT count(*) FROM orders").is_ok() {
            return Err("a broken page was read without an error".into());
        }
    }
    let count = "SELECT checksum_failures FROM pg_stat_database WHERE datname = 'postgres'";
    wait_for(&server, count, &reads.to_string())?;
    let stage = stage.asking(server.seen());
    let at = "database postgres";
    let found = stage.until("a page is broken", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let counted = server.sql(count)?;
    if !record.observed.starts_with(&format!("{counted} read")) {
        return Err(format!("{counted} reads failed; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("DROP TABLE orders")?;
    server.sql("SELECT pg_stat_reset()")?;
    stage.until("it is forgotten", |it| failing(it, at).is_none())?;
    Ok(seen)
}

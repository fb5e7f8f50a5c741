//! WAL that is full before a checkpoint is due; mended by more room for it.

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::record::Record;

/// Of 15 and before, or of 17 and later.
fn counter(server: &Server) -> Result<&'static str, Stop> {
    Ok(if server.version()? >= 170_000 {
        "SELECT num_requested FROM pg_stat_checkpointer"
    } else {
        "SELECT checkpoints_req FROM pg_stat_bgwriter"
    })
}

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let segments = stage.draw(4, 4);
    let server = Server::start(&["max_wal_size=32MB", "min_wal_size=32MB"])?;
    server.sql("CREATE TABLE orders (n text)")?;
    let counter = counter(&server)?;
    let requested = || -> Result<u64, Stop> { Ok(server.sql(counter)?.parse().unwrap_or(0)) };
    let stage = stage.asking(server.seen());
    let write = |until: u64| -> Result<Vec<Record>, Stop> {
        stage.between(|| {
            let aim = requested()? + until;
            for _ in 0..segments {
                // 16 MB: a segment each, in pages that are not compressed as all are new.
                server.sql("INSERT INTO orders SELECT repeat(md5(n::text), 25) FROM generate_series(1, 19000) n")?;
                // It is made, and counted, a moment later.
                if requested()? < aim {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
            }
            if until > 0 { wait_for(&server, &format!("SELECT ({counter}) >= {aim}"), "t") } else { Ok(()) }
        })
    };
    let before = requested()?;
    let found = write(2)?;
    let after = requested()?;
    let record =
        failing(&found, &server.target()).ok_or_else(|| format!("it is not found: {found:?}"))?;
    let told: u64 =
        record.observed.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0);
    // One more may have begun since the second look.
    if told < 2 || told > after - before {
        return Err(
            format!("{} were forced; the check says {}", after - before, record.observed).into()
        );
    }
    let seen = record.observed.clone();
    server.sql("ALTER SYSTEM SET max_wal_size = '4GB'")?;
    server.sql("ALTER SYSTEM RESET min_wal_size")?;
    // What is given on the command line overrules the file.
    server.stop()?;
    server.start_again(&server.options(&[]))?;
    let mended = write(0)?;
    if failing(&mended, &server.target()).is_some() {
        return Err(format!("it has room, and is found still: {mended:?}").into());
    }
    Ok(seen)
}

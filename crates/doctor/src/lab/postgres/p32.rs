//! A transaction with more subtransactions than their cache has room for, and a reader of the rows that it changed; mended by ending
//! it.

use super::psql::Psql;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    // The cache has 32 pages of 2,048 each.
    let rows = stage.draw(90_000, 20_000);
    let server = Server::start(&["autovacuum=off", "synchronous_commit=off"])?;
    server.must_be(13, "which counts it")?;
    server.sql(&format!(
        "CREATE TABLE stock AS SELECT g AS id, 0 AS n FROM generate_series(1, {rows}) g"
    ))?;
    server.sql("ALTER TABLE stock ADD PRIMARY KEY (id); ANALYZE stock")?;
    let many = format!(
        "DO $$ BEGIN FOR i IN 1..{rows} LOOP BEGIN UPDATE stock SET n = n + 1 WHERE id = i; \
         EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$"
    );
    let import = Psql::begin(&server, &["BEGIN", &many, "SELECT pg_sleep(120)"])?;
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(120)' AND state = 'active'";
    stage.wait("it has its subtransactions", || Ok(server.sql(sleeps)? == "1"))?;
    // What began after the last transaction that ended counts as open without a lookup: let one end.
    server.sql("SELECT txid_current()")?;
    // Rows in no order, so that each is on another page of the cache.
    let read = format!(
        "SELECT sum(s.n) FROM (SELECT (random() * {rows})::int AS id FROM generate_series(1, 20000)) r \
         CROSS JOIN LATERAL (SELECT n FROM stock WHERE id = r.id OFFSET 0) s"
    );
    let reads = || -> Result<u64, Stop> {
        let text = server.sql(
            "SELECT blks_read FROM pg_stat_slru WHERE name IN ('Subtrans', 'subtransaction')",
        )?;
        text.parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    let look = stage.asking(server.seen());
    let before = reads()?;
    let found = look.between(|| server.sql(&read).map(drop))?;
    let grown = reads()? - before;
    let record = failing(&found, &server.target())
        .ok_or_else(|| format!("{grown} pages were read; the check says {found:?}"))?;
    let told = record.observed.replace(',', "");
    if !told.starts_with(&format!("{grown} pages of cache subtransaction ")) {
        return Err(format!("{grown} pages were read; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(120)'")?;
    import.end()?;
    let mended = look.between(|| server.sql(&read).map(drop))?;
    match failing(&mended, &server.target()) {
        None => Ok(seen),
        Some(record) => Err(format!("it has ended; the check says {record:?}").into()),
    }
}

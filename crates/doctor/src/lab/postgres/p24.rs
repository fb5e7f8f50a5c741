//! Documents of tens of kB that are read with each row; then without them.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(600, 300);
    let server = Server::start(&["autovacuum=off"])?;
    server.sql("CREATE TABLE docs (id int, body text)")?;
    server.sql("ALTER TABLE docs ALTER body SET STORAGE EXTERNAL")?;
    server.sql(&format!(
        "INSERT INTO docs SELECT g, repeat('0123456789', 4000) FROM generate_series(1, {rows}) g"
    ))?;
    server.sql("VACUUM ANALYZE docs")?;
    let counted = || -> Result<u64, Stop> {
        let text =
            server.sql("SELECT toast_blks_read + toast_blks_hit FROM pg_statio_user_tables")?;
        text.parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    let look = stage.asking(server.seen());
    let at = format!("{} table docs", server.target());
    let read = |statement: &str| {
        server.sql(statement)?;
        server.settle()
    };
    server.settle()?;
    let before = counted()?;
    let found = look.between(|| read("SELECT sum(length(reverse(body))) FROM docs"))?;
    let grown = counted()? - before;
    let record = failing(&found, &at)
        .ok_or_else(|| format!("{grown} pages were read; the check says {found:?}"))?;
    let told = record.observed.replace(',', "");
    if !told.starts_with(&format!("{grown} pages of large values ")) {
        return Err(format!("{grown} pages were read; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    let mended = look.between(|| read("SELECT sum(id) FROM docs"))?;
    match failing(&mended, &at) {
        None => Ok(seen),
        Some(record) => Err(format!("nobody reads them; the check says {record:?}").into()),
    }
}

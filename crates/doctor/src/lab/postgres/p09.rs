//! A table of more than 1 GiB of which nine tenths are deleted: first by the estimate, then measured; mended by `VACUUM (FULL)`.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::Ask;
use crate::record::Severity;

/// The version that brought columns which are computed when they are read.
const VIRTUAL: u32 = 18;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let rows = stage.draw(155_000, 10_000);
    let server = Server::start(&["autovacuum=off", "shared_buffers=64MB"])?;
    server.sql("CREATE EXTENSION pgstattuple")?;
    // One row in a page: what is dead is written in a few seconds. It is not compressed, and not stored apart.
    server.sql("CREATE UNLOGGED TABLE orders (id int, note text)")?;
    server.sql("ALTER TABLE orders ALTER note SET STORAGE PLAIN")?;
    // Nothing of such a column is stored, so that it never has statistics.
    if server.version()? / 10_000 >= VIRTUAL {
        server.sql("ALTER TABLE orders ADD twice int GENERATED ALWAYS AS (id * 2) VIRTUAL")?;
    }
    server.sql(&format!(
        "INSERT INTO orders SELECT g, repeat('x', 7000) FROM generate_series(1, {rows}) g"
    ))?;
    server.sql("DELETE FROM orders WHERE id % 10 > 0; ANALYZE orders")?;
    let look = stage.asking(server.seen());
    let at = format!("{} table public.orders", server.target());
    let hint = look.until("it is estimated", |it| failing(it, &at).is_some())?;
    let hint = failing(&hint, &at).ok_or("it is gone again")?;
    if hint.severity != Severity::Info || !hint.observed.contains("estimate") {
        return Err(format!("it is not read yet; the check says {hint:?}").into());
    }
    let deep = stage.asking(Ask { deep: true, ..server.seen() });
    let found = deep.until("it is measured", |it| {
        failing(it, &at).is_some_and(|it| it.severity == Severity::Warning)
    })?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let seen = record.observed.clone();
    // Read to the end by another function, and measured by the system.
    let exact = server.sql(
        "SELECT trunc((dead_tuple_len + free_space) * 100.0 / table_len) FROM pgstattuple('orders')",
    )?;
    let file = server.sql("SELECT pg_relation_filepath('orders')")?;
    let parts = ["", ".1"].map(|part| server.path(&format!("data/{file}{part}")));
    let sizes = parts.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|it| it.len());
    let bytes: u64 = sizes.sum();
    let is_so = seen.starts_with(&format!("{exact} % of "))
        && record.evidence.iter().any(|it| it.value.starts_with(&format!("table_len={bytes} ")));
    if !is_so {
        return Err(format!("{exact} % of {bytes} bytes; the check says {record:?}").into());
    }
    server.sql("VACUUM (FULL, ANALYZE) orders")?;
    deep.until("it is packed", |it| failing(it, &at).is_none())?;
    Ok(seen)
}

//! A collation of ICU whose recorded version is set to one of the past; mended by a rebuild and a refresh.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let indexes = stage.draw(1, 5);
    let server = Server::start(&[])?;
    server.sql("CREATE COLLATION lab (provider = icu, locale = 'de-u-co-phonebk')")?;
    server.sql("CREATE TABLE people (name text COLLATE lab)")?;
    server.sql("INSERT INTO people SELECT 'Müller ' || g FROM generate_series(1, 100) g")?;
    for at in 0..indexes {
        server.sql(&format!("CREATE INDEX people_name_{at} ON people (name)"))?;
    }
    server.sql("UPDATE pg_collation SET collversion = '58.0.6' WHERE collname = 'lab'")?;
    let stage = stage.asking(server.seen());
    let at = format!("{} collation lab", server.target());
    let found = stage.until("its version changed", |records| failing(records, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    let actual = server
        .sql("SELECT pg_collation_actual_version(oid) FROM pg_collation WHERE collname = 'lab'")?;
    let count = server.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'people'")?;
    let many = if indexes == 1 { "index" } else { "indexes" };
    let wanted = format!("version 58.0.6 recorded, {actual} now; {count} {many} sorted by it");
    if record.observed != wanted {
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("REINDEX TABLE CONCURRENTLY people")?;
    server.sql("ALTER COLLATION lab REFRESH VERSION")?;
    stage.until("it is refreshed", |records| failing(records, &at).is_none())?;
    Ok(seen)
}

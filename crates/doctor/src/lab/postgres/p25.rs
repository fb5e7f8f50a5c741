//! Rows of arrays until the list of a GIN index is longer than half its limit; mended by sorting it in.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// More batches than fill the longest list that is drawn.
const BATCHES_MAX: u64 = 200;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit_kb = stage.draw(2_100, 2_000);
    // Of the limit in percent: the insert that reaches it sorts the list in.
    let wanted_percent = stage.draw(55, 35);
    let server = Server::start(&[])?;
    server.sql("CREATE EXTENSION pgstattuple; CREATE EXTENSION pageinspect")?;
    server.sql("CREATE TABLE docs (words int[]) WITH (autovacuum_enabled = off)")?;
    server.sql(&format!(
        "CREATE INDEX docs_words ON docs USING gin (words) WITH (gin_pending_list_limit = {limit_kb})"
    ))?;
    let pages = || -> Result<u64, Stop> {
        let page = "gin_metapage_info(get_raw_page('docs_words', 0))";
        let text = server.sql(&format!("SELECT n_pending_pages FROM {page}"))?;
        text.parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    for _ in 0..BATCHES_MAX {
        if pages()? * 8 * 100 >= limit_kb * wanted_percent {
            break;
        }
        server.sql(
            "INSERT INTO docs SELECT ARRAY[g, g + 1, g + 2, g + 3] FROM generate_series(1, 500) g",
        )?;
    }
    let pages = pages()?;
    let stage = stage.asking(server.seen());
    let at = format!("{} index docs_words", server.target());
    let found = stage.until("its list is long", |records| failing(records, &at).is_some())?;
    let record = failing(&found, &at).ok_or("it is gone again")?;
    if !record.observed.starts_with(&format!("{pages} pages ")) {
        return Err(format!("{pages} pages wait; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT gin_clean_pending_list('docs_words')")?;
    stage.until("it is sorted in", |records| failing(records, &at).is_none())?;
    Ok(seen)
}

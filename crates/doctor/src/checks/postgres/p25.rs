//! P25: what is new in a GIN index waits in a list that each search has to read from its beginning to its end.
//!
//! Source: the documentation of PostgreSQL, 70.4.1 and 70.5 (GIN fast update, `gin_pending_list_limit`).

use super::words::{float, grouped, literal, size};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresGin};

/// Of the limit: a list as long as that stays until the one insert that reaches the limit pays for all, or vacuum comes.
const LIMIT_SHARE: f64 = 0.5;

/// A list that is shorter is read in about a millisecond, however low the limit is.
const LIST_BYTES_MIN: u64 = 1 << 20;

pub(super) static CHECK: Check = Check {
    id: "P25",
    title: "the pending list of a GIN index is long, and each search reads all of it",
    severity: Severity::Warning,
    needs: "the extension pgstattuple in the database, and pg_stat_scan_tables (pg_monitor has it)",
    expected: "no pending list is longer than half its limit for long",
    guardrail: "for tables that are loaded in bulk: autovacuum_vacuum_insert_scale_factor (13 and later), gin_clean_pending_list() at the end of a load, or fastupdate = off",
    probes: &[
        "pg_index, pg_class: GIN indexes with fastupdate, and their limit; the 100 largest",
        "pgstatginindex(): pending_pages; it reads one page of each",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-gin-pending-list"],
    page: Page {
        symptom: "Searches in text, arrays or JSON become slower with each bulk load, and fast again at once after a vacuum; now and then a single insert takes seconds.",
        culprit: "With fastupdate a GIN index first puts what is new into an unsorted list. Each search reads the whole list beside the index. It is sorted in by vacuum, or by the insert that makes it longer than gin_pending_list_limit, which waits for that.",
        proof: "The pages of the list at both looks, so that one that was just sorted in is not told: longer than half the limit, and than 1 MiB. The limit is that of the index, or else that of the server.",
        fix: "SELECT gin_clean_pending_list('INDEX') sorts it in now. For good: vacuum the table more often (autovacuum_vacuum_insert_scale_factor), or lower gin_pending_list_limit for the index, or set fastupdate = off where searches count for more than inserts.",
        cost: "Sorting in takes as long as the inserts saved. Without fastupdate each insert is slower, and none is very slow. Undone by ALTER INDEX ... RESET.",
        lab: "Rows are added to a table that vacuum leaves alone until the list is longer than half its limit; mended by gin_clean_pending_list().",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let indexes = pair.after()?.gin.seen()?;
    if indexes.is_empty() {
        return Err(Blind::OutOfPlace(
            "there is no GIN index with fastupdate in this database".to_owned(),
        ));
    }
    let before = pair.before().ok().and_then(|server| server.gin.seen().ok());
    let mut faults = Vec::new();
    let mut unseen = None;
    let mut longest = 0;
    for index in indexes {
        let pages = match index.pages.seen() {
            Ok(pages) => *pages,
            Err(blind) => {
                unseen = Some(blind);
                continue;
            }
        };
        longest = longest.max(pages);
        let earlier = before.and_then(|all| all.iter().find(|it| it.name == index.name));
        let earlier = earlier.and_then(|it| it.pages.seen().ok());
        let was_long = earlier.is_none_or(|pages| is_long(index, *pages));
        if is_long(index, pages) && was_long {
            faults.push(fault(index, pages));
        }
    }
    Ok(Verdict {
        observed: format!("the longest pending list has {} pages", grouped(longest)),
        faults,
        unseen,
    })
}

fn limit_bytes(index: &PostgresGin) -> u64 {
    index.limit_kb * 1024
}

fn is_long(index: &PostgresGin, pages: u64) -> bool {
    let bytes = pages * index.page_bytes;
    bytes >= LIST_BYTES_MIN && float(bytes) > float(limit_bytes(index)) * LIMIT_SHARE
}

fn fault(index: &PostgresGin, pages: u64) -> Fault {
    let PostgresGin { name, table, page_bytes, .. } = index;
    let (bytes, limit) = (pages * page_bytes, limit_bytes(index));
    let percent = float(bytes) / float(limit) * 100.0;
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("index {name}")),
        observed: format!(
            "{} pages ({}) of table {table} wait in its pending list, {percent:.0} % of its limit",
            grouped(pages),
            size(bytes)
        ),
        impact: format!(
            "each search in it reads {} more, and one insert will pay for sorting them in",
            size(bytes)
        ),
        fix: format!(
            "SELECT gin_clean_pending_list({}); for good ALTER INDEX {name} SET (fastupdate = off); (undo: RESET (fastupdate)), or a vacuum of {table} more often",
            literal(name)
        ),
        actions: Vec::new(),
        risk: "sorting in takes I/O now; without fastupdate each insert is slower".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pgstatginindex('{name}')"),
            value: format!("pending_pages={pages} gin_pending_list_limit={} kB", index.limit_kb),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

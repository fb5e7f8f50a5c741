//! P26: a statement compares what a function makes of a column, so that the index on the column is of no use.
//!
//! Source: the documentation of PostgreSQL, 11.7 (indexes on expressions).

use super::sql::{Run, pieces, runs, short};
use super::words::{counted, float, quoted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresIndexHead};

/// Functions of one value that are compared in practice.
const FUNCTIONS: &[&str] =
    &["lower", "upper", "date", "trim", "btrim", "ltrim", "rtrim", "md5", "length", "abs"];

/// What may follow, if it is compared.
const COMPARES: &[&str] = &["=", "<", ">", "like", "ilike", "in", "between"];

/// Below this nobody feels it.
const MEAN_US_MIN: u64 = 10_000;

/// Shorter tables are read as a whole anyway.
const ROWS_MIN: i64 = 10_000;

pub(super) static CHECK: Check = Check {
    id: "P26",
    title: "a statement compares a function of an indexed column, and so reads the whole table",
    severity: Severity::Warning,
    needs: "the extension pg_stat_statements in the database, and pg_monitor for statements of others",
    expected: "what slow statements compare is what an index is sorted by",
    guardrail: "a review of EXPLAIN for each new statement on a large table",
    probes: &[
        "pg_stat_statements: text without literals, calls, total and mean time, of the 100 that cost most",
        "pg_index: the column or the function that comes first, of the 500 of the largest tables",
    ],
    proof: Proof::Lab,
    catalogue: &["non-sargable-sql"],
    page: Page {
        symptom: "A search by a column that has an index takes longer the longer the table is; EXPLAIN shows a full scan with a filter.",
        culprit: "An index on email is sorted by email, and not by lower(email): a comparison of lower(email), of created::date or of trim(name) cannot use it.",
        proof: "A guess from the text of statements that were run between the looks and took at least 10 ms on the average: a function of one column (lower, upper, date, trim, md5, length, abs, or a cast to date) is compared, a table of the statement with at least 10,000 rows has an index that begins with that column, and none that begins with that function. Confidence is low: another index may serve the statement. Conditions of partial indexes, conversions of types and statistics that are too old are not looked at.",
        fix: "CREATE INDEX CONCURRENTLY on the expression, then ANALYZE; or compare the column itself: created >= day AND created < day + 1 instead of a cast, a column of type citext or a collation without case instead of lower().",
        cost: "An index takes room and makes writes slower. Built CONCURRENTLY it lets writes go on; if it is cut off, an invalid one is left to drop.",
        lab: "A table with an index on a column and a search by lower() of it; mended by an index on lower().",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (runs, unseen) = runs(pair)?;
    let heads = pair.after()?.index_heads.seen()?;
    let slow = runs.iter().filter(|run| run.mean_us >= MEAN_US_MIN);
    let mut faults = Vec::new();
    for run in slow {
        let pieces = pieces(run.text);
        for (function, column) in compared(&pieces) {
            if let Some(head) = useless(heads, &pieces, &function, &column) {
                faults.push(fault(run, head, &function, &column));
            }
        }
    }
    Ok(Verdict {
        observed: format!(
            "none of {} in the window does",
            counted(runs.len() as u64, "statement", "statements")
        ),
        faults,
        unseen,
    })
}

/// Functions of a column that are compared, once each.
fn compared(pieces: &[String]) -> Vec<(String, String)> {
    let word = |at: usize| pieces.get(at).map_or("", String::as_str);
    let is_compare = |at: usize| {
        COMPARES.contains(&word(at)) || (word(at) == "not" && COMPARES.contains(&word(at + 1)))
    };
    let mut found = Vec::new();
    for at in 0..pieces.len() {
        let pair = if FUNCTIONS.contains(&word(at)) && word(at + 1) == "(" {
            // With the name of its table the column comes after the dot.
            let column = if word(at + 3) == "." { at + 4 } else { at + 2 };
            (word(column + 1) == ")" && is_compare(column + 2)).then(|| (word(at), word(column)))
        } else if word(at) == "::" && word(at + 1) == "date" && at > 0 && is_compare(at + 2) {
            Some(("date", word(at - 1)))
        } else {
            None
        };
        let pair = pair.map(|(function, column)| (function.to_owned(), column.to_owned()));
        if let Some(pair) = pair.filter(|it| !found.contains(it)) {
            found.push(pair);
        }
    }
    found
}

/// The index that begins with the column, where none begins with the function.
fn useless<'a>(
    heads: &'a [PostgresIndexHead],
    pieces: &[String],
    function: &str,
    column: &str,
) -> Option<&'a PostgresIndexHead> {
    let is_named = |it: &&PostgresIndexHead| it.rows >= ROWS_MIN && pieces.contains(&it.table);
    let head = heads.iter().filter(is_named).find(|it| it.column.as_deref() == Some(column))?;
    let serves =
        |it: &PostgresIndexHead| it.table == head.table && it.function.as_deref() == Some(function);
    (!heads.iter().any(serves)).then_some(head)
}

fn fault(run: &Run<'_>, head: &PostgresIndexHead, function: &str, column: &str) -> Fault {
    let (table, column) = (quoted(&head.table), quoted(column));
    let mean_ms = float(run.mean_us) / 1_000.0;
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("table {table}")),
        observed: format!(
            "{} of {mean_ms:.1} ms compared {function}({column}), for which index {} is of no use: {}",
            counted(run.calls, "call", "calls"),
            head.name,
            short(run.text)
        ),
        impact: "each call reads all rows that nothing else excludes, and takes longer as the table grows".to_owned(),
        fix: format!("CREATE INDEX CONCURRENTLY ON {table} ({function}({column})); ANALYZE {table}; (undo: DROP INDEX CONCURRENTLY), or compare {column} itself"),
        actions: Vec::new(),
        risk: "one more index to write; if the build is cut off, an invalid one is left to drop".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_statements {}, pg_index {}", run.statement.id, head.name),
            value: short(run.text),
        }],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;

//! P26: a statement compares what a function makes of a column, or does not say what the condition of an index is, so that the index is of
//! no use.
//!
//! Source: the documentation of PostgreSQL, 11.7 (indexes on expressions), 11.8 (partial indexes: the condition has to be implied when the
//! statement is planned, so that one with parameters does not imply it).

use std::collections::BTreeSet;

use super::sql::{Run, pieces, runs, short};
use super::words::{counted, float, quoted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresIndexHead, growth};

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
    title: "a statement cannot use an index: it compares a function of its column, or does not imply its condition",
    severity: Severity::Warning,
    needs: "the extension pg_stat_statements in the database, and pg_monitor for statements of others",
    expected: "what slow statements compare is what an index is sorted by",
    guardrail: "a review of EXPLAIN for each new statement on a large table",
    probes: &[
        "pg_stat_statements: text without literals, calls, total and mean time, of the 100 that cost most",
        "pg_index: the column or the function that comes first, and the condition without literals, of the 500 of the largest tables",
        "pg_stat_get_numscans: scans of these indexes and of their tables",
    ],
    proof: Proof::Lab,
    catalogue: &["non-sargable-sql", "pg-partial-index-mismatch"],
    page: Page {
        symptom: "A search by a column that has an index takes longer the longer the table is; EXPLAIN shows a full scan with a filter.",
        culprit: "An index on email is sorted by email, and not by lower(email): a comparison of lower(email), of created::date or of trim(name) cannot use it. A partial index on customer WHERE status = 'open' has only such rows: it is of use only where the server knows, as it plans, that the statement wants no others. A statement without that condition does not say so, nor does one that says it in other words, nor one with a parameter, status = $1, once it has a plan for any value.",
        proof: "A guess from the text of statements that were run between the looks and took at least 10 ms on the average: a function of one column (lower, upper, date, trim, md5, length, abs, or a cast to date) is compared, a table of the statement with at least 10,000 rows has an index that begins with that column, and none that begins with that function. Confidence is low: another index may serve the statement. Aspect partial: such a slow statement compares the first column of a partial index, no index without a condition begins with that column, and between the looks the partial index was not used once while its whole table was read. Whether the condition is in the statement is read from its text only by the columns that it names; literals and parameters look alike there. Conversions of types and statistics that are too old are not looked at.",
        fix: "CREATE INDEX CONCURRENTLY on the expression, then ANALYZE; or compare the column itself: created >= day AND created < day + 1 instead of a cast, a column of type citext or a collation without case instead of lower(). For a partial index: write its condition into the statement as it stands in the index, with the constant and not with a parameter, or plan_cache_mode = force_custom_plan for the role; or an index without a condition.",
        cost: "An index takes room and makes writes slower. Built CONCURRENTLY it lets writes go on; if it is cut off, an invalid one is left to drop.",
        lab: "A table with an index on a column and a search by lower() of it; mended by an index on lower(). And a partial index on open orders, with a prepared statement that has the state as a parameter and a plan for any; mended by the constant.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (runs, unseen) = runs(pair)?;
    let heads = pair.after()?.index_heads.seen()?;
    let slow = runs.iter().filter(|run| run.mean_us >= MEAN_US_MIN);
    let idle = idle(pair, heads);
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for run in slow {
        let pieces = pieces(run.text);
        for (head, scans) in &idle {
            if is_passed_over(heads, &idle, head, &pieces) && told.insert((&head.table, &head.name))
            {
                faults.push(partial(run, head, *scans, &pieces));
            }
        }
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

/// Partial indexes that nobody used between the looks while their table was read as a whole, and how often that was.
fn idle<'a>(
    pair: &Pair<'a, Postgres>,
    heads: &'a [PostgresIndexHead],
) -> Vec<(&'a PostgresIndexHead, u64)> {
    let before = pair.before().and_then(|it| it.index_heads.seen());
    let before = before.map_or(&[][..], Vec::as_slice);
    let grown = |head: &'a PostgresIndexHead| {
        let earlier =
            before.iter().find(|it| (&it.table, &it.name) == (&head.table, &head.name))?;
        let uses = growth("idx_scan", earlier.scans, head.scans).ok()?;
        let scans = growth("seq_scan", earlier.table_scans, head.table_scans).ok()?;
        (uses == 0 && scans > 0).then_some((head, scans))
    };
    let partial = heads.iter().filter(|it| it.condition.is_some() && it.rows >= ROWS_MIN);
    partial.filter_map(grown).collect()
}

/// Whether a statement would look for it by its first column, and nothing else is there for that.
fn is_passed_over(
    heads: &[PostgresIndexHead],
    idle: &[(&PostgresIndexHead, u64)],
    head: &PostgresIndexHead,
    pieces: &[String],
) -> bool {
    let Some(column) = &head.column else { return false };
    let is_compared = pieces.windows(2).any(|pair| match pair {
        [first, second] => first == column && COMPARES.contains(&second.as_str()),
        _ => false,
    });
    // Another partial index of the column that was used meanwhile may have served it.
    let is_used = |it: &PostgresIndexHead| {
        it.condition.is_none()
            || !idle.iter().any(|(idle, _)| (&idle.table, &idle.name) == (&it.table, &it.name))
    };
    let serves = |it: &PostgresIndexHead| {
        it.table == head.table && it.column.as_ref() == Some(column) && is_used(it)
    };
    is_compared && pieces.contains(&head.table) && !heads.iter().any(serves)
}

fn partial(run: &Run<'_>, head: &PostgresIndexHead, scans: u64, pieces: &[String]) -> Fault {
    let table = quoted(&head.table);
    let column = quoted(head.column.as_deref().unwrap_or_default());
    let condition = head.condition.as_deref().unwrap_or_default();
    let missing: Vec<_> = head.condition_columns.iter().filter(|it| !pieces.contains(it)).collect();
    let why = missing.first().map_or_else(
        || "which the statement says with a parameter or in other words".to_owned(),
        |column| format!("and the statement says nothing of {}", quoted(column)),
    );
    let name = &head.name;
    Fault {
        severity: Severity::Warning,
        aspect: Some("partial"),
        at: Some(format!("table {table}")),
        observed: format!(
            "{} of {:.1} ms, all of {table} was read {}, and index {name} was not used: it has only rows with {condition}, {why}: {}",
            counted(run.calls, "call", "calls"),
            float(run.mean_us) / 1_000.0,
            counted(scans, "time", "times"),
            short(run.text)
        ),
        impact: "each call reads all rows that nothing else excludes, and takes longer as the table grows; the index only costs".to_owned(),
        fix: format!("write the condition of the index into the statement as a constant, not as a parameter; or CREATE INDEX CONCURRENTLY ON {table} ({column}) without one (undo: DROP INDEX CONCURRENTLY)"),
        actions: Vec::new(),
        risk: "one more index to write; if the build is cut off, an invalid one is left to drop".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_statements {}, pg_index {name}", run.statement.id),
            value: format!("idx_scan 0 more, seq_scan {scans} more; {}", short(run.text)),
        }],
        confidence: Confidence::Low,
    }
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

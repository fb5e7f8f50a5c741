//! M15: a statement reads far more rows than it answers, as no index helps it.
//!
//! Source: the reference of MySQL 8.4, 29.12.20.3 ("Statement Summary Tables": `SUM_NO_INDEX_USED`, `SUM_ROWS_EXAMINED`) and 10.3.1
//! ("How MySQL Uses Indexes"). That a thousand rows for each answered are too many is of the house.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlDigest, Pair};

/// So many rows are read for each that is answered or changed, and more.
const READ_FOR_ONE_MIN: u64 = 1_000;

/// One that reads fewer in the window does no harm.
const READ_MIN: u64 = 10_000;

/// No more of them are told.
const TOLD_MAX: usize = 5;

/// Of the server itself.
const OWN: [&str; 4] = ["mysql", "sys", "information_schema", "performance_schema"];

/// Words before a bracket that are no functions.
const NO_FUNCTIONS: [&str; 11] =
    ["AND", "OR", "IN", "NOT", "EXISTS", "ANY", "ALL", "SOME", "BETWEEN", "LIKE", "ON"];

pub(super) static CHECK: Check = Check {
    id: "M15",
    title: "a statement reads far more rows than it answers, as no index helps it",
    severity: Severity::Warning,
    needs: "performance_schema = ON, which MariaDB has OFF; SELECT on performance_schema.*",
    expected: "no statement without an index reads 1,000 rows or more for each that it answers or changes",
    guardrail: "log_queries_not_using_indexes = ON with min_examined_row_limit = 10000, and a look at the slow log once a week",
    probes: &[
        "performance_schema.events_statements_summary_by_digest: the 50 statements that have read most rows, without their literals",
        "SHOW GLOBAL VARIABLES: performance_schema",
    ],
    proof: Proof::Lab,
    catalogue: &["non-sargable-sql"],
    page: Page {
        symptom: "A page takes seconds that took none a year ago; CPU is busy; the same statement is fast for a small customer. EXPLAIN says type ALL.",
        culprit: "An index is in the order of the column. A function around the column (DATE(created) = ..., LOWER(email) = ..., id + 1 = ...), a pattern that begins with %, or a comparison with a value of another type (a number against a column of text) makes that order useless, and the server reads every row. Or there is no index at all. It gets slower with each row that is added.",
        proof: "Between the two looks the statement was run without an index, read at least 10,000 rows, and 1,000 or more for each that it answered or changed. Totals since the start are no fault. Whether a function is to blame is read from its text: a guess, EXPLAIN tells.",
        fix: "EXPLAIN the statement. Take the function off the column: created >= '2026-11-30' AND created < '2026-12-01' instead of DATE(created) = '2026-11-30'; compare with a value of the type of the column; or give the expression an index (MySQL 8.0.13 and later: functional key parts; MariaDB: a generated column with an index). Else ADD INDEX on the columns of the WHERE.",
        cost: "An index takes room, and each write keeps it up. ADD INDEX is online in InnoDB, and loads the disk while it runs. Undone by DROP INDEX.",
        lab: "A table of a number of rows that is drawn, and a statement with a function around its key; mended by the statement without it. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let after = pair.after()?.digests.seen()?;
    let before = pair.before()?.digests.seen()?;
    let own = |it: &&MysqlDigest| !it.schema.as_deref().is_some_and(|it| OWN.contains(&it));
    let mut heavy: Vec<MysqlDigest> = after
        .iter()
        .filter(own)
        .filter_map(|it| grown(before, it))
        .filter(|it| it.no_index > 0 && is_heavy(it))
        .collect();
    heavy.sort_by_key(|it| std::cmp::Reverse(it.rows_examined));
    heavy.truncate(TOLD_MAX);
    let seconds = pair.window.seconds();
    Ok(Verdict {
        observed: format!(
            "{} statements, none of which read too much without an index in {seconds:.1} s",
            after.len()
        ),
        faults: heavy.iter().map(|it| fault(it, seconds)).collect(),
        unseen: None,
    })
}

fn is_heavy(it: &MysqlDigest) -> bool {
    let used = it.rows_sent.saturating_add(it.rows_affected).max(1);
    it.rows_examined >= READ_MIN && it.rows_examined / used >= READ_FOR_ONE_MIN
}

/// What it did between the looks. One that the first look did not see may have been among those that had read less: how much of its
/// total is of the window is not known, so it is left for the next.
fn grown(before: &[MysqlDigest], after: &MysqlDigest) -> Option<MysqlDigest> {
    let old = before.iter().find(|it| it.digest == after.digest && it.schema == after.schema)?;
    Some(MysqlDigest {
        count: after.count.checked_sub(old.count)?,
        no_index: after.no_index.checked_sub(old.no_index)?,
        rows_examined: after.rows_examined.checked_sub(old.rows_examined)?,
        rows_sent: after.rows_sent.checked_sub(old.rows_sent)?,
        rows_affected: after.rows_affected.checked_sub(old.rows_affected)?,
        ..after.clone()
    })
}

/// A function around a column in the condition, by how the server writes a text without literals: `DATE (` or `` `ABS` ( ``, and the
/// name of the column in backticks, or without if it is a word of the language as well.
fn function(text: &str) -> Option<&str> {
    let (_, condition) = text.split_once(" WHERE ")?;
    let words: Vec<&str> = condition.split(' ').collect();
    words.windows(3).find_map(|three| match three {
        [name, "(", column] if is_column(column) => {
            let name = name.trim_matches('`');
            let is_name =
                name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
            (is_name && !NO_FUNCTIONS.contains(&name)).then_some(name)
        }
        _ => None,
    })
}

fn is_column(word: &str) -> bool {
    word.starts_with('`') || (word != "SELECT" && word.chars().all(|c| c.is_ascii_uppercase()))
}

fn fault(it: &MysqlDigest, seconds: f64) -> Fault {
    let MysqlDigest { count, rows_examined, rows_sent, rows_affected, text, .. } = it;
    let used = rows_sent.saturating_add(*rows_affected);
    let cause = function(text).map_or_else(String::new, |name| {
        format!("; {name}() around a column in the condition hides it from its index")
    });
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("digest {}", it.digest.get(..12).unwrap_or(&it.digest))),
        observed: format!("run {count} times in {seconds:.1} s it read {rows_examined} rows for {used}{cause}"),
        impact: "it gets slower with each row that is added, and takes CPU and buffer pool from all others".to_owned(),
        fix: "EXPLAIN it; take functions and other types off the column, or ADD INDEX on the columns of its condition (undo: DROP INDEX)".to_owned(),
        actions: Vec::new(),
        risk: "an index takes room, and each write keeps it up".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "events_statements_summary_by_digest".to_owned(),
            value: text.clone(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

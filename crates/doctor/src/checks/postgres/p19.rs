//! P19: a table of messages is read by "larger than the last number", which passes over rows that commit late.
//!
//! Source: the documentation of PostgreSQL, 9.17 (`nextval` is never undone and waits for nobody, so that numbers commit in another order than
//! they were taken).

use super::sql::{Run, pieces, runs, short};
use super::words::counted;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// Parts of names that tables of messages have.
const NAMES: &[&str] =
    &["outbox", "event", "message", "queue", "job", "task", "notification", "changelog"];

pub(super) static CHECK: Check = Check {
    id: "P19",
    title: "a table of messages is read by number: rows that commit late are passed over",
    severity: Severity::Info,
    needs: "the extension pg_stat_statements in the database, and pg_monitor for statements of others",
    expected: "who reads a table of messages in parts does not miss what commits out of order",
    guardrail: "a test of two transactions that commit in the other order than they took their numbers",
    probes: &[
        "pg_stat_statements: text without literals, calls, total and mean time, of the 100 that cost most",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Now and then a message is never sent, an order never shipped; the row is there, and its number is below the last that was read.",
        culprit: "Numbers of a sequence are taken when a row is written, and seen when its transaction commits. If 7 commits before 6, a reader that asks for what is larger than 7 never sees 6.",
        proof: "A guess from the text of statements that were run between the looks: it reads a table named like one of messages, by \"column > parameter\" and ordered by the same column, without SKIP LOCKED and without a look at open transactions (xmin, pg_snapshot). Information with low confidence: a lock on the table or a single writer makes it right.",
        fix: "Mark rows as done instead (UPDATE ... WHERE id IN (SELECT ... FOR UPDATE SKIP LOCKED)), or read only rows whose transaction is older than each open one: keep pg_current_xact_id() in a column, and ask for those below pg_snapshot_xmin(pg_current_snapshot()); or use logical decoding, which is in the order of commits.",
        cost: "A change of the program. Marking writes each row again. Waiting for open transactions delays all messages by the longest of them.",
        lab: "A table outbox that is read by number; mended by reading it with SKIP LOCKED.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (runs, unseen) = runs(pair)?;
    let faults = runs.iter().filter_map(|run| Some(fault(run, &polled(run.text)?))).collect();
    Ok(Verdict {
        observed: format!(
            "{} in the window read no table of messages by number",
            counted(runs.len() as u64, "statement", "statements")
        ),
        faults,
        unseen,
    })
}

/// The table that is read by number, if the text says so.
fn polled(text: &str) -> Option<String> {
    let pieces = pieces(text);
    let word = |at: usize| pieces.get(at).map_or("", String::as_str);
    let has = |wanted: &[&str]| pieces.windows(wanted.len()).any(|it| it == wanted);
    let is_careful = has(&["skip", "locked"])
        || pieces.iter().any(|it| it.contains("xmin") || it.contains("snapshot"));
    if !has(&["select"]) || is_careful {
        return None;
    }
    let from = pieces.iter().position(|it| it == "from")?;
    // With a schema the name comes after the dot.
    let at = if word(from + 2) == "." { from + 3 } else { from + 1 };
    let table = word(at);
    if !NAMES.iter().any(|name| table.contains(name)) {
        return None;
    }
    let order = pieces.windows(2).position(|it| it == ["order", "by"])?;
    let at = if word(order + 3) == "." { order + 4 } else { order + 2 };
    let (column, direction) = (word(at), word(at + 1));
    let is_asked = |it: &[String]| matches!(it, [name, op, value] if name == column && op == ">" && value.starts_with('$'));
    (direction != "desc" && pieces.windows(3).any(is_asked)).then(|| table.to_owned())
}

fn fault(run: &Run<'_>, table: &str) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: None,
        at: Some(format!("table {table}")),
        observed: format!("read by number {}: {}", counted(run.calls, "time", "times"), short(run.text)),
        impact: "a row whose transaction commits after one with a larger number is never read".to_owned(),
        fix: "mark rows as done and take them with FOR UPDATE SKIP LOCKED, or read only below pg_snapshot_xmin(pg_current_snapshot())".to_owned(),
        actions: Vec::new(),
        risk: "a change of the program that reads, and maybe of the table".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_statements {}", run.statement.id),
            value: short(run.text),
        }],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;

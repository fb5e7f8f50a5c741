//! P12: rows are deleted that a large table refers to, without an index for that. Of the database that was asked.
//!
//! Source: the documentation of PostgreSQL, 5.5.5: a delete of a row that is referred to looks for what refers to it, by a scan of the whole
//! table if there is no index; an update only if it changes the key. Ten thousand rows are ours: a scan of fewer takes no time.

use super::words::{counted, rough, within};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresForeignKey};

/// A table with fewer is scanned in no time.
const ROWS: i64 = 10_000;

/// More are not told one by one.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P12",
    title: "rows are deleted that a large table refers to without an index",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "no row is deleted from a table that a large one refers to by columns without an index",
    guardrail: "a test of the schema: each foreign key whose parent is deleted from has an index",
    probes: &[
        "pg_constraint, pg_index and pg_class in the database of the connection: foreign keys without an index, of the 100 largest tables",
        "rows that were deleted from the parents, at both looks",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A DELETE of one row by its primary key takes seconds, and EXPLAIN ANALYZE shows the time in a trigger for a constraint. A job that removes old rows takes all night.",
        culprit: "For each row that is deleted the server looks whether another refers to it. Without an index on the columns that refer, it reads that whole table, each time.",
        proof: "A foreign key for which no valid index without a condition begins with its columns, in any order; whose table has 10,000 rows or more; and of whose parent rows were deleted between both looks. One whose parent is never deleted from needs no index and is not told. A short run sees only what is deleted then: run it with --since. Of the database of the connection only.",
        fix: "CREATE INDEX CONCURRENTLY ON the table (the columns of the key).",
        cost: "The index takes room, and each write to its columns keeps it up. Building it concurrently reads the table twice, waits for transactions that are open and stops nobody; if it fails it leaves an invalid index (P11).",
        lab: "A parent, a table with a drawn number of rows that refers to it, and rows that are deleted between both looks; mended by an index.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let keys = pair.after()?.foreign_keys.seen()?;
    // What is not large is no matter, whatever was deleted.
    let large: Vec<_> = keys.iter().filter(|it| it.rows >= ROWS).collect();
    let (mut faults, mut unseen) = (Vec::new(), None);
    for key in &large {
        match deleted(pair, key) {
            Ok(0) => {}
            Ok(deleted) => faults.push(fault(pair, key, deleted)),
            Err(blind) => unseen = Some(blind),
        }
    }
    faults.truncate(TOLD);
    let seconds = pair.window.seconds();
    let observed = format!(
        "{} of large tables without an index, of whose parents nothing was deleted in {seconds:.1} s",
        counted(large.len() as u64, "foreign key", "foreign keys")
    );
    Ok(Verdict { observed, faults, unseen })
}

fn deleted(pair: &Pair<'_, Postgres>, key: &PostgresForeignKey) -> Result<u64, Blind> {
    let same = |it: &&PostgresForeignKey| {
        (&it.schema, &it.table, &it.name) == (&key.schema, &key.table, &key.name)
    };
    let of = |server: &Postgres| {
        Ok(server.foreign_keys.seen()?.iter().find(same).map(|it| it.parent_deletes))
    };
    pair.growth(&format!("rows deleted from {}", key.parent), of)
}

fn fault(pair: &Pair<'_, Postgres>, key: &PostgresForeignKey, deleted: u64) -> Fault {
    let PostgresForeignKey { schema, table, name, columns, rows, parent, .. } = key;
    let seconds = pair.window.seconds();
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("{schema}.{table} {name}")),
        observed: format!(
            "{} from {parent} in {seconds:.1} s, and {schema}.{table} of {} rows refers to it by {columns} without an index",
            counted(deleted, "row was deleted", "rows were deleted"),
            rough(rows.unsigned_abs())
        ),
        impact: format!("each row that is deleted from {parent} reads all of {schema}.{table}"),
        fix: format!("CREATE INDEX CONCURRENTLY ON {} ({columns});", within(schema, table)),
        actions: Vec::new(),
        risk: "it takes room, and writes keep it up; undone by DROP INDEX CONCURRENTLY".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_constraint {name}, pg_stat_user_tables {parent}"),
            value: format!("n_tup_del +{deleted}"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! P11: indexes that are of no use, and constraints that do not hold for old rows. Of the database that was asked.
//!
//! Source: the documentation of PostgreSQL, CREATE INDEX (building concurrently leaves an invalid index when it fails, which costs writes
//! all the same), 52.26 (`pg_index`), 52.13 (`pg_constraint.convalidated`). Thirty days are ours: a report of the month has run in them.

use std::collections::BTreeMap;

use super::words::{binary, counted, literal, span, within};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresConstraint, PostgresIndex};

/// An index that was not used in so long may be of no use.
const UNUSED_S: u64 = 30 * 86_400;

/// Of 8 MB it matters, in pages.
const PAGES: u64 = 1_024;

/// A page, unless the server was built otherwise.
const PAGE: u64 = 8_192;

/// What the user says of standbys: `none` if nobody reads from any.
const REPLICAS: &str = "postgres-read-replicas";

/// More of each kind are not told one by one.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P11",
    title: "an index is not valid, twice there or not used; a constraint is not valid",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "every index is valid and does what no other does; every constraint holds for all rows",
    guardrail: "after CREATE INDEX CONCURRENTLY look at pg_index.indisvalid; VALIDATE CONSTRAINT as a step of its own",
    probes: &[
        "pg_index, pg_class and their statistics in the database of the connection: those not valid, and the 500 largest",
        "pg_constraint where not convalidated",
        "pg_locks on tables of indexes that are not valid: somebody builds one",
        "pg_stat_database.stats_reset",
    ],
    proof: Proof::Lab,
    catalogue: &["index-outgrows-data"],
    page: Page {
        symptom: "A query is slow though there is an index for it. Writes become slower with each index, and disks fill with indexes that nobody reads. A row is there that a constraint forbids.",
        culprit: "CREATE INDEX CONCURRENTLY failed, for a duplicate or a lock, and left an index that no query may use and every write keeps up. Or migrations made the same index twice under two names. Or a constraint was added NOT VALID, to be validated later, and later never came.",
        proof: "indisvalid of pg_index, where nobody holds a lock on the table as a build does: a warning. Two indexes of the same columns, classes, collations, order, expressions and condition on one table, of 8 MB and more: info, the one that carries no constraint is the spare one. Constraints that are not valid: info. An index without a scan is told (info, low confidence) only if the numbers were not set back for 30 days, it is neither unique nor of a constraint, and the user says that no standby is read from (--fact postgres-read-replicas=none), as a scan there is counted there. Of the database of the connection only.",
        fix: "An invalid one: DROP INDEX CONCURRENTLY it and build it anew, or REINDEX INDEX CONCURRENTLY, after what made it fail is gone. A spare one: DROP INDEX CONCURRENTLY. A constraint: find the rows that break it, then ALTER TABLE ... VALIDATE CONSTRAINT.",
        cost: "Keep what pg_get_indexdef says before you drop an index, to build it again if a query misses it. DROP INDEX CONCURRENTLY waits for transactions that are open, and stops nobody. VALIDATE reads the table, with a lock that lets reads and writes go on.",
        lab: "A table with a drawn number of rows that are there twice, and a unique index that is built concurrently and fails; mended by dropping it.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.identity.seen().is_ok_and(|it| it.in_recovery) {
        return Err(Blind::OutOfPlace("a standby has the indexes of its primary".to_owned()));
    }
    let indexes = server.indexes.seen()?;
    let mut faults: Vec<Fault> = Vec::new();
    faults.extend(indexes.iter().filter(|it| !it.valid && !it.building).map(invalid).take(TOLD));
    faults.extend(doubles(indexes).into_iter().take(TOLD));
    let constraints = server.constraints.seen();
    let open = constraints.iter().flat_map(|it| it.iter());
    faults.extend(open.map(unvalidated).take(TOLD));
    let is_alone = pair.window.after.facts.get(REPLICAS).is_some_and(|it| it == "none");
    if is_alone {
        faults.extend(unused(server, indexes)?.into_iter().take(TOLD));
    }
    let observed = format!(
        "{} valid, none twice there",
        counted(indexes.len() as u64, "index is", "indexes are")
    );
    Ok(Verdict { observed, faults, unseen: constraints.err() })
}

fn invalid(index: &PostgresIndex) -> Fault {
    let name = within(&index.schema, &index.name);
    let kept = if index.ready { "every write keeps it up" } else { "it only takes room" };
    Fault {
        severity: Severity::Warning,
        aspect: Some("invalid"),
        observed: format!(
            "index {}.{} of {} on {} is not valid",
            index.schema,
            index.name,
            binary(index.pages * PAGE),
            index.table
        ),
        impact: format!(
            "no query uses it, and {kept}{}",
            if index.unique { "; and it does not hold its values unique" } else { "" }
        ),
        fix: format!(
            "find why its build failed, then REINDEX INDEX CONCURRENTLY {name}; or DROP INDEX CONCURRENTLY {name};"
        ),
        actions: Vec::new(),
        risk: "both wait for transactions that are open, and stop nobody".to_owned(),
        ..fault(index, "indisvalid=f")
    }
}

/// Indexes that do what another on the same table does: the spare ones.
fn doubles(indexes: &[PostgresIndex]) -> Vec<Fault> {
    let mut alike: BTreeMap<_, Vec<&PostgresIndex>> = BTreeMap::new();
    for index in indexes.iter().filter(|it| it.valid && it.pages >= PAGES) {
        alike.entry((&index.schema, &index.table, &index.key)).or_default().push(index);
    }
    let mut faults = Vec::new();
    for mut same in alike.into_values() {
        // The one to keep is the one that does most.
        same.sort_by_key(|it| {
            (!it.primary, !it.constraint, !it.identity, !it.unique, it.name.clone())
        });
        let mut same = same.into_iter();
        let Some(kept) = same.next() else { continue };
        for spare in same.filter(|it| !it.constraint && !it.identity) {
            let name = within(&spare.schema, &spare.name);
            faults.push(Fault {
                aspect: Some("twice"),
                observed: format!("index {}.{} of {} does what {} does", spare.schema, spare.name, binary(spare.pages * PAGE), kept.name),
                impact: "each write keeps up both, and both take room on disk and in memory".to_owned(),
                fix: format!("SELECT pg_get_indexdef({}::regclass); then DROP INDEX CONCURRENTLY {name};", literal(&name)),
                actions: Vec::new(),
                risk: "none for queries, as the other serves them; undone by what pg_get_indexdef said".to_owned(),
                ..fault(spare, &format!("the same as {}", kept.name))
            });
        }
    }
    faults
}

/// Those that nobody read from since the numbers were set back, long ago.
fn unused(server: &Postgres, indexes: &[PostgresIndex]) -> Result<Vec<Fault>, Blind> {
    let databases = server.databases.seen()?;
    // That of the connection is not told by name; the numbers of any may have been set back.
    let age = databases
        .iter()
        .filter(|it| it.name.is_some() && it.connectable == Some(true))
        .filter_map(|it| it.reset_s)
        .min();
    // Never set back, or never counted: it is not known for how long there are numbers.
    let Some(age) = age.filter(|age| *age >= UNUSED_S) else { return Ok(Vec::new()) };
    let idle = indexes.iter().filter(|it| {
        it.valid
            && it.scans == 0
            && it.pages >= PAGES
            && !it.unique
            && !it.primary
            && !it.constraint
            && !it.identity
    });
    Ok(idle
        .map(|index| {
            let name = within(&index.schema, &index.name);
            Fault {
                aspect: Some("unused"),
                observed: format!("index {}.{} of {} was not scanned in {}", index.schema, index.name, binary(index.pages * PAGE), span(age)),
                impact: "each write keeps it up, and it takes room".to_owned(),
                fix: format!("ask who made it; SELECT pg_get_indexdef({}::regclass); then DROP INDEX CONCURRENTLY {name};", literal(&name)),
                actions: Vec::new(),
                risk: "a query of the year's end may want it; undone by what pg_get_indexdef said, which takes as long as building it".to_owned(),
                confidence: Confidence::Low,
                ..fault(index, "idx_scan=0")
            }
        })
        .collect())
}

fn unvalidated(constraint: &PostgresConstraint) -> Fault {
    let PostgresConstraint { schema, table, name, kind } = constraint;
    let kind = match kind.as_str() {
        "f" => "foreign key",
        "c" => "check",
        _ => "constraint",
    };
    Fault {
        severity: Severity::Info,
        aspect: Some("constraint"),
        at: Some(format!("{schema}.{table} {name}")),
        observed: format!("{kind} {name} of {schema}.{table} was never held against old rows"),
        impact: "rows from before it may break it; new ones cannot".to_owned(),
        fix: format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {};",
            within(schema, table),
            super::words::name(name)
        ),
        actions: Vec::new(),
        risk: "it reads the table, while reads and writes go on; it fails if a row breaks it"
            .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_constraint {name}"),
            value: "convalidated=f".to_owned(),
        }],
        confidence: Confidence::High,
    }
}

fn fault(index: &PostgresIndex, value: &str) -> Fault {
    let PostgresIndex { schema, name, table, .. } = index;
    Fault {
        severity: Severity::Info,
        aspect: None,
        at: Some(format!("{schema}.{name}")),
        observed: String::new(),
        impact: String::new(),
        fix: String::new(),
        actions: Vec::new(),
        risk: String::new(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_index {schema}.{name} on {table}"),
            value: value.to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

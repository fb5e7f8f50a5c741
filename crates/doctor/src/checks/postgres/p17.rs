//! P17: text is sorted by other rules than when indexes were built, so that they do not find what is there.
//!
//! Source: the documentation of PostgreSQL, ALTER COLLATION and ALTER DATABASE ("Notes": what to do when the version differs),
//! `pg_locale.c` (which locales have no version: `C`, `POSIX` and those that begin with `C.`).

use super::words::{counted, quoted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresCollation, PostgresDatabaseCollation};

pub(super) static CHECK: Check = Check {
    id: "P17",
    title: "text is sorted by other rules than its indexes were built with",
    severity: Severity::Critical,
    needs: "nothing; a connection to each database, as indexes of others cannot be seen",
    expected: "the recorded version of each collation is the one that the system has",
    guardrail: "before an upgrade of the system or a move to another machine: compare `ldd --version` and the version of ICU; for new databases the provider builtin (17 and later), or C",
    probes: &[
        "pg_database: datcollversion, pg_database_collation_actual_version() (15 and later)",
        "pg_collation: collversion, pg_collation_actual_version(), of those that indexes use",
        "pg_index: indcollation",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-icu-collation-change"],
    page: Page {
        symptom: "After an upgrade of the operating system, or on a replica with another one: rows that are there are not found by an index, but by a full scan; a unique column has duplicates; ranges and merge joins lack rows. No error is told.",
        culprit: "Indexes on text are in the order of a collation of the C library or of ICU. A newer version of those may order some strings in another way; then a search goes wrong in an index that was built before. PostgreSQL writes down the version when a database or a collation is made, and warns only in its log.",
        proof: "The recorded version against that which the system has now. Critical where indexes of the database that was asked are sorted by it; a warning for other databases, whose indexes cannot be seen from here, and where there are no such indexes. C and POSIX never change, nor does the provider builtin. Before 15 a database has no recorded version: for other locales of the C library it is then told as not known, never as fine.",
        fix: "Rebuild the indexes first: REINDEX INDEX CONCURRENTLY for each, or REINDEX DATABASE. Only then ALTER DATABASE ... REFRESH COLLATION VERSION, or ALTER COLLATION ... REFRESH VERSION: that changes nothing but the record. A unique index that cannot be built has duplicates that came in meanwhile: see which rows they are before anything is deleted. The extension amcheck tells which indexes really are out of order. Partitions by ranges of text and constraints may be wrong, too.",
        cost: "Each index is built anew: as much room again, and long reading. CONCURRENTLY lets writes go on and takes longer; if it is cut off, an invalid index is left to drop.",
        lab: "A collation of ICU with indexes, whose recorded version is set to one of the past; mended by a rebuild and a refresh.",
    },
    rule: Rule::Postgres(rule),
};

/// How a version that was recorded stands to the one of now.
enum Change {
    None,
    /// From, to.
    From(String, String),
    /// Nothing was recorded, or nothing can be told now.
    Unknown,
}

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let databases = server.collations.databases.seen()?;
    let used = server.collations.used.seen();
    let by_default = used
        .clone()
        .ok()
        .map(|all| all.iter().find(|it| it.is_default).cloned().unwrap_or_default());
    let mut faults = Vec::new();
    let mut unknown = Vec::new();
    for (at, database) in databases.iter().enumerate() {
        // Of the database that was asked it is known what its indexes are.
        let indexes = by_default.as_ref().filter(|_| at == 0);
        match change(
            &database.provider,
            database.locale.as_deref(),
            database.recorded.as_deref(),
            database.actual.as_deref(),
        ) {
            Change::None => {}
            Change::From(recorded, actual) => {
                faults.push(of_database(database, indexes, &recorded, &actual));
            }
            Change::Unknown => {
                let is_unused = indexes.is_some_and(|it| it.indexes == 0);
                if !is_unused && database.name != "template1" {
                    unknown.push(format!("database \"{}\"", database.name));
                }
            }
        }
    }
    for it in used.iter().flat_map(|all| all.iter()).filter(|it| !it.is_default) {
        match change(
            &it.provider,
            it.locale.as_deref(),
            it.recorded.as_deref(),
            it.actual.as_deref(),
        ) {
            Change::None => {}
            Change::From(recorded, actual) => faults.push(of_collation(it, &recorded, &actual)),
            Change::Unknown => unknown.push(format!("collation {}", it.name)),
        }
    }
    let not_known = (!unknown.is_empty()).then(|| {
        Blind::Absent(format!(
            "recorded version of the collation of {}: whether it changed cannot be known",
            unknown.join(", ")
        ))
    });
    Ok(Verdict {
        observed: format!(
            "no collation changed in {}",
            counted(databases.len() as u64, "database", "databases")
        ),
        faults,
        unseen: used.err().or(not_known),
    })
}

fn change(
    provider: &str,
    locale: Option<&str>,
    recorded: Option<&str>,
    actual: Option<&str>,
) -> Change {
    match (recorded, actual) {
        (Some(recorded), Some(actual)) if recorded == actual => Change::None,
        (Some(recorded), Some(actual)) => Change::From(recorded.to_owned(), actual.to_owned()),
        (None, None) if is_fixed(provider, locale) => Change::None,
        _ => Change::Unknown,
    }
}

/// Whether it never changes: by bytes, or by PostgreSQL itself.
fn is_fixed(provider: &str, locale: Option<&str>) -> bool {
    let by_bytes = |locale: &str| locale == "C" || locale == "POSIX" || locale.starts_with("C.");
    provider == "b" || (provider == "c" && locale.is_some_and(by_bytes))
}

/// `indexes` is none where they cannot be seen.
fn of_database(
    database: &PostgresDatabaseCollation,
    indexes: Option<&PostgresCollation>,
    recorded: &str,
    actual: &str,
) -> Fault {
    let PostgresDatabaseCollation { name, .. } = database;
    let count = indexes.map(|it| it.indexes);
    let told = count.map_or_else(
        || "its indexes are not seen from here".to_owned(),
        |count| format!("{} sorted by it", counted(count, "index", "indexes")),
    );
    let rebuild = match indexes {
        Some(it) if it.indexes > 0 => rebuild(it),
        _ => format!("in {name}: REINDEX DATABASE CONCURRENTLY {};", quoted(name)),
    };
    fault(
        count.is_some_and(|count| count > 0),
        format!("database {name}"),
        format!("version {recorded} recorded, {actual} now; {told}"),
        format!("{rebuild} only then ALTER DATABASE {} REFRESH COLLATION VERSION;", quoted(name)),
        Evidence {
            probe: format!(
                "pg_database {name}: datcollversion, pg_database_collation_actual_version()"
            ),
            value: format!("{recorded}, {actual}"),
        },
    )
}

fn of_collation(it: &PostgresCollation, recorded: &str, actual: &str) -> Fault {
    let PostgresCollation { name, indexes, .. } = it;
    fault(
        *indexes > 0,
        format!("collation {name}"),
        format!(
            "version {recorded} recorded, {actual} now; {} sorted by it",
            counted(*indexes, "index", "indexes")
        ),
        format!("{} only then ALTER COLLATION {name} REFRESH VERSION;", rebuild(it)),
        Evidence {
            probe: format!("pg_collation {name}: collversion, pg_collation_actual_version()"),
            value: format!("{recorded}, {actual}"),
        },
    )
}

fn rebuild(it: &PostgresCollation) -> String {
    let each = it.examples.iter().map(|index| format!("REINDEX INDEX CONCURRENTLY {index};"));
    let more = it.indexes.saturating_sub(it.examples.len() as u64);
    let more = (more > 0).then(|| format!("and {more} more (REINDEX DATABASE takes all);"));
    each.chain(more).collect::<Vec<_>>().join(" ")
}

fn fault(is_used: bool, at: String, observed: String, fix: String, evidence: Evidence) -> Fault {
    let impact = if is_used {
        "searches by these indexes may not find rows that are there, and unique columns may take duplicates, now"
    } else {
        "indexes on text there may not find rows that are there"
    };
    Fault {
        severity: if is_used { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(at),
        observed,
        impact: impact.to_owned(),
        fix,
        actions: Vec::new(),
        risk: "each index is built anew and needs its room twice meanwhile; a refresh before that hides the fault".to_owned(),
        reversible: false,
        evidence: vec![evidence],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

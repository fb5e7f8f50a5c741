//! P33: the planner knows nothing of a table, and nobody will tell it.
//!
//! Source: the documentation of PostgreSQL, 25.1.3 (what autovacuum analyses, and when), 53.11 (`pg_class.reltuples`),
//! `pg_upgrade` (statistics are not taken over before 18).

use super::words::{float, grouped, size};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresUnanalysed};

/// With fewer rows a wrong plan costs little.
const ROWS_MIN: u64 = 10_000;

/// Where the counters know of no rows: as long as 10,000 rows of a kB.
const BYTES_MIN: u64 = 10 << 20;

/// From 14 on `reltuples` says by this that nobody counted.
const NEVER_COUNTED: i64 = -1;

pub(super) static CHECK: Check = Check {
    id: "P33",
    title: "a large table has no statistics, and autovacuum will not make them",
    severity: Severity::Warning,
    needs: "SELECT on the tables (pg_read_all_data from 14 on), as statistics are told only to those that may read them",
    expected: "each table of more than 10,000 rows has statistics",
    guardrail: "vacuumdb --all --analyze-in-stages at the end of each upgrade and each restore",
    probes: &[
        "pg_stat_user_tables: tables never analysed since the counters began, the 100 largest",
        "pg_class: reltuples, reloptions; pg_relation_size()",
        "pg_stats: whether there is a row for the table",
        "pg_settings: autovacuum, track_counts, autovacuum_analyze_threshold, autovacuum_analyze_scale_factor",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After an upgrade, a restore or a bulk load the same statements take a hundred times as long: full scans, nested loops over millions of rows.",
        culprit: "The planner guesses from statistics that ANALYZE makes. pg_upgrade before 18 and a restore of a dump bring none. Autovacuum analyses a table once enough of its rows have changed; one that only is read stays as it is, and so does one for which autovacuum is off.",
        proof: "The table was not analysed since the counters began, pg_stats has no row for it, and autovacuum is not about to do it: it is off, or fewer rows have changed than autovacuum_analyze_threshold and its scale factor ask for. Counters that were only set back are no fault: then the statistics are there. Where the role may not read the table, only one whose rows were never counted is told, with low confidence.",
        fix: "ANALYZE the table; after an upgrade or a restore vacuumdb --all --analyze-in-stages.",
        cost: "It reads a sample: seconds to minutes, with a lock that lets reads and writes go on. Plans change at once, for nearly all the better.",
        lab: "A table that autovacuum leaves alone, with tens of thousands of rows; mended by ANALYZE.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.identity.seen()?.in_recovery {
        return Err(Blind::OutOfPlace("a standby has the statistics of its primary".to_owned()));
    }
    let autovacuum = Autovacuum::of(server)?;
    let tables = server.unanalysed.seen()?;
    let mut faults = Vec::new();
    let mut hidden = Vec::new();
    for table in tables.iter().filter(|it| is_large(it) && !autovacuum.is_about_to(it)) {
        match table.has_statistics {
            Some(true) => {}
            Some(false) => faults.push(fault(table, Confidence::High)),
            None if table.reltuples == NEVER_COUNTED => faults.push(fault(table, Confidence::Low)),
            None => hidden.push(table.name.as_str()),
        }
    }
    let unseen = (!hidden.is_empty()).then(|| {
        Blind::Denied(format!(
            "SELECT on {} (or GRANT pg_read_all_data to the role)",
            hidden.join(", ")
        ))
    });
    Ok(Verdict {
        observed: "each large table has statistics, or is about to have them".to_owned(),
        faults,
        unseen,
    })
}

/// When autovacuum analyses.
struct Autovacuum {
    is_on: bool,
    threshold: f64,
    scale: f64,
}

impl Autovacuum {
    fn of(server: &Postgres) -> Result<Self, Blind> {
        let number = |name: &str| {
            let text = server.setting(name)?;
            text.parse::<f64>().map_err(|error| Blind::Failed(format!("{name} is {text}: {error}")))
        };
        Ok(Self {
            is_on: server.setting("autovacuum")? == "on" && server.setting("track_counts")? == "on",
            threshold: number("autovacuum_analyze_threshold")?,
            scale: number("autovacuum_analyze_scale_factor")?,
        })
    }

    /// Whether it will analyse the table without anything else happening to it.
    fn is_about_to(&self, table: &PostgresUnanalysed) -> bool {
        let rows = float(u64::try_from(table.reltuples).unwrap_or(0));
        self.is_on && table.autovacuum && float(table.changed) > self.threshold + self.scale * rows
    }
}

fn rows(table: &PostgresUnanalysed) -> u64 {
    table.live.max(u64::try_from(table.reltuples).unwrap_or(0))
}

fn is_large(table: &PostgresUnanalysed) -> bool {
    rows(table) > ROWS_MIN || table.bytes >= BYTES_MIN
}

fn fault(table: &PostgresUnanalysed, confidence: Confidence) -> Fault {
    let PostgresUnanalysed { name, bytes, reltuples, changed, autovacuum, .. } = table;
    let rows = rows(table);
    let rows = if rows == 0 { String::new() } else { format!("{} rows, ", grouped(rows)) };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("table {name}")),
        observed: format!("{rows}{}, and no statistics", size(*bytes)),
        impact: "each plan with it is a guess: scans and joins may take many times as long"
            .to_owned(),
        fix: format!("ANALYZE {name};"),
        actions: Vec::new(),
        risk: "it reads a sample of the table; plans change at once".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "pg_class, pg_stat_user_tables, pg_stats".to_owned(),
            value: format!(
                "reltuples={reltuples} last_analyze=NULL last_autoanalyze=NULL n_mod_since_analyze={changed} autovacuum_enabled={autovacuum}"
            ),
        }],
        confidence,
    }
}

#[cfg(test)]
mod tests;

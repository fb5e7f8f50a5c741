//! P22: a prepared statement is many times as slow as it was, and is not planned any more.
//!
//! Source: the documentation of PostgreSQL, PREPARE ("Notes": after five plans of their own a generic one is tried), 20.7.4
//! (`plan_cache_mode`), F.32 (`pg_stat_statements.track_planning`).

use super::sql::{Run, runs, short};
use super::words::{counted, float, grouped};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// Slower than its average before by at least this factor: an order of magnitude.
const SLOWER_MIN: u64 = 10;

/// Below this nobody feels it.
const MEAN_US_MIN: u64 = 10_000;

/// Of calls that are not planned, one in so many may be.
const CALLS_PER_PLAN_MIN: u64 = 10;

/// Five are planned for their own values before a generic plan is tried: an average of fewer before says nothing.
const CALLS_BEFORE_MIN: u64 = 5;

pub(super) static CHECK: Check = Check {
    id: "P22",
    title: "a prepared statement became many times slower, and is not planned any more: a generic plan, probably",
    severity: Severity::Warning,
    needs: "the extension pg_stat_statements in the database with pg_stat_statements.track_planning = on (13 and later), and pg_monitor for statements of others",
    expected: "no statement that is not planned is ten times as slow as it was",
    guardrail: "plan_cache_mode = force_custom_plan for roles whose parameters are skewed; log_min_duration_statement with auto_explain",
    probes: &[
        "pg_stat_statements: text without literals, calls, plans, total and mean time, of the 100 that cost most",
        "pg_settings: pg_stat_statements.track_planning, plan_cache_mode",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-generic-plan-switch"],
    page: Page {
        symptom: "A statement of the program takes seconds, and the same text with the same values in psql milliseconds; it began some calls after a connection was opened.",
        culprit: "A prepared statement is planned for its values five times. Then the server compares with a plan for any values, and keeps that if it looks no dearer. Where one value has most of the rows the guess is far off: a nested loop over what was thought to be a handful of rows.",
        proof: "Between the looks the statement took on the average at least ten times as long as on all calls before, and at least 10 ms, and at most every tenth call was planned. That it is the plan is a guess, so confidence is low: values that are slow with any plan, locks and a cold cache look alike. Up to version 18 no view shows the plans of other sessions. To be sure: from 16 on EXPLAIN (GENERIC_PLAN) of the text, against EXPLAIN with the most common value. The doctor does not run these itself: planning runs functions of the database that are marked stable or immutable, the text does not tell the search_path of the sessions that use it nor which parameter takes which value, and so a cost could be of another table or value.",
        fix: "ALTER ROLE ... SET plan_cache_mode = force_custom_plan for the role of the program, and new connections; or in the driver no prepared statements for this one (prepareThreshold=0). Then statistics: a larger statistics target of the column, or extended statistics.",
        cost: "Each call is planned again: a millisecond or less for simple statements, more for joins of many tables. Undone by RESET.",
        lab: "The first row of a state that half of all rows have, planned for that state, then by a generic plan that sorts them all; mended by force_custom_plan.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (runs, unseen) = runs(pair)?;
    let server = pair.after()?;
    let tracking = "pg_stat_statements.track_planning";
    let is_tracked = server.settings.seen()?.get(tracking).is_some_and(|it| it.setting == "on");
    if !is_tracked {
        return Err(Blind::Absent(format!(
            "count of plans: ALTER SYSTEM SET {tracking} = on (13 and later), at some cost for many short statements"
        )));
    }
    let mode = server.setting("plan_cache_mode")?;
    let faults = runs.iter().filter_map(|run| fault(run, mode)).collect();
    Ok(Verdict {
        observed: format!(
            "none of {} became ten times slower without being planned",
            counted(runs.len() as u64, "statement", "statements")
        ),
        faults,
        unseen,
    })
}

fn fault(run: &Run<'_>, mode: &str) -> Option<Fault> {
    let before = run.before?;
    let plans = run.statement.plans?.checked_sub(before.plans?)?;
    let is_slower = run.mean_us >= MEAN_US_MIN && run.mean_us >= before.mean_us * SLOWER_MIN;
    if before.calls < CALLS_BEFORE_MIN || !is_slower || plans * CALLS_PER_PLAN_MIN > run.calls {
        return None;
    }
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("statement {}", run.statement.id)),
        observed: format!(
            "{} with {} took {:.1} ms each, {:.1} ms before: {}",
            counted(run.calls, "call", "calls"),
            counted(plans, "plan", "plans"),
            float(run.mean_us) / 1_000.0,
            float(before.mean_us) / 1_000.0,
            short(run.text)
        ),
        impact: "each call is as slow on every connection that keeps this plan, until it is closed".to_owned(),
        fix: "ALTER ROLE ... SET plan_cache_mode = force_custom_plan; for the role that runs it, and new connections (undo: RESET plan_cache_mode)".to_owned(),
        actions: Vec::new(),
        risk: "each call of that role is planned again".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_statements {}", run.statement.id),
            value: format!(
                "calls {} more, plans {plans} more, mean {} us in the window, {} us before; plan_cache_mode={mode}",
                run.calls,
                grouped(run.mean_us),
                grouped(before.mean_us)
            ),
        }],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;

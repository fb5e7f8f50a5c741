//! P27: a standby cancels statements because what it replays needs what they hold; the remedy depends on the kind.
//!
//! Source: the documentation of PostgreSQL, 27.4.2 (query conflicts), 28.2 (`pg_stat_database_conflicts`).

use super::words::grouped;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresConflicts, PostgresSetting};

/// A kind of conflict.
struct Kind {
    /// As the column is called, without `confl_`.
    name: &'static str,
    why: &'static str,
    fix: &'static str,
    risk: &'static str,
    of: fn(&PostgresConflicts) -> Option<u64>,
    /// The first version that counts it.
    since: u32,
}

const WAIT: &str = "on the standby ALTER SYSTEM SET max_standby_streaming_delay = '5min'; SELECT pg_reload_conf(); (undo: RESET)";
const WAIT_COSTS: &str = "the standby may lag by as much, and what reads there sees older rows";

const KINDS: &[Kind] = &[
    Kind {
        name: "snapshot",
        why: "the primary vacuumed rows away that they might still have to see",
        fix: "on the standby ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf(); (undo: off), or a longer max_standby_streaming_delay, or shorter statements there",
        risk: "with feedback the primary keeps dead rows for as long as the longest statement on the standby: its tables grow",
        of: |it| it.snapshot,
        since: 0,
    },
    Kind {
        name: "lock",
        why: "the primary took an exclusive lock on a table that they read: DDL, or the end of a table that vacuum cut off",
        fix: "make DDL at quiet hours; for tables that are vacuumed often ALTER TABLE ... SET (vacuum_truncate = off); (undo: RESET); or on the standby a longer max_standby_streaming_delay",
        risk: "without truncation empty room at the end of a table stays with it; with a longer delay the standby may lag by as much",
        of: |it| it.lock,
        since: 0,
    },
    Kind {
        name: "bufferpin",
        why: "they held a page for long that had to be cleaned: a cursor that is read slowly, mostly",
        fix: WAIT,
        risk: WAIT_COSTS,
        of: |it| it.bufferpin,
        since: 0,
    },
    Kind {
        name: "deadlock",
        why: "they and the replay waited for each other",
        fix: "have the program try again; if it happens often, read there in shorter transactions",
        risk: "none",
        of: |it| it.deadlock,
        since: 0,
    },
    Kind {
        name: "tablespace",
        why: "a tablespace was dropped in which they had temporary files",
        fix: "take the tablespace out of temp_tablespaces everywhere before it is dropped",
        risk: "none",
        of: |it| it.tablespace,
        since: 0,
    },
    Kind {
        name: "logicalslot",
        why: "rows or WAL that a logical slot of the standby needed went away, and the slot with them",
        fix: "see pg_replication_slots for the slot; make it anew with its consumer, with hot_standby_feedback = on and a physical slot for the standby on the primary",
        risk: "a consumer of a new slot has to copy everything again; with feedback dead rows of the primary stay longer",
        of: |it| it.logicalslot,
        since: 160_000,
    },
];

pub(super) static CHECK: Check = Check {
    id: "P27",
    title: "a standby cancels statements in favour of what it replays",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "no statement is cancelled because of a conflict with recovery",
    guardrail: "alert on rate(pg_stat_database_conflicts_confl_snapshot[5m]) > 0, and the same for the other kinds (postgres_exporter)",
    probes: &[
        "pg_stat_database_conflicts: the sum of each column",
        "pg_settings: max_standby_streaming_delay, hot_standby_feedback",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-recovery-conflict-cancel"],
    page: Page {
        symptom: "Reports on a replica end with \"canceling statement due to conflict with recovery\", the longer the more often.",
        culprit: "A standby has to replay what the primary did: rows that were vacuumed away, tables that were locked or dropped. Where a statement is in the way it waits at most max_standby_streaming_delay, counted from when the WAL came, and then cancels it.",
        proof: "Counters of pg_stat_database_conflicts that grew between the two looks, by kind: each has its own remedy. Totals are no fault.",
        fix: "By kind. snapshot: hot_standby_feedback, a longer delay, or shorter statements. lock: DDL at quiet hours, vacuum_truncate off for the table. bufferpin: a longer delay. deadlock: try again. tablespace: temp_tablespaces. logicalslot: make the slot anew, with feedback on.",
        cost: "Feedback keeps dead rows on the primary. A longer delay makes the standby lag, also one that is to take over. There is no setting without one of both.",
        lab: "A standby that waits for nobody, a transaction on it that reads a table, and rows of that table that the primary deletes and vacuums; afterwards nothing reads, and nothing is cancelled.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let identity = server.identity.seen()?;
    if !identity.in_recovery {
        return Err(Blind::OutOfPlace("it is no standby".to_owned()));
    }
    let mut faults = Vec::new();
    for kind in KINDS.iter().filter(|kind| identity.version >= kind.since) {
        let name = format!("confl_{}", kind.name);
        let cancelled = pair.growth(&name, |it| Ok((kind.of)(it.conflicts.seen()?)))?;
        if cancelled > 0 {
            faults.push(fault(kind, cancelled, pair.window.seconds(), settings(server)));
        }
    }
    let seconds = pair.window.seconds();
    Ok(Verdict {
        observed: format!("nothing was cancelled in {seconds:.1} s"),
        faults,
        unseen: None,
    })
}

/// For the evidence: what is set now.
fn settings(server: &Postgres) -> Vec<Evidence> {
    let all = server.settings.seen().ok();
    let of = |name: &str| all.and_then(|all| all.get(name)).map(told);
    ["max_standby_streaming_delay", "hot_standby_feedback"].into_iter().filter_map(of).collect()
}

fn told(PostgresSetting { name, setting, unit, .. }: &PostgresSetting) -> Evidence {
    let unit = unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    Evidence { probe: format!("pg_settings {name}"), value: format!("{setting}{unit}") }
}

fn fault(kind: &Kind, cancelled: u64, seconds: f64, settings: Vec<Evidence>) -> Fault {
    let statements = if cancelled == 1 { "statement was" } else { "statements were" };
    let mut evidence = vec![Evidence {
        probe: format!("pg_stat_database_conflicts confl_{}", kind.name),
        value: format!("{cancelled} more in {seconds:.1} s"),
    }];
    evidence.extend(settings);
    Fault {
        severity: Severity::Warning,
        aspect: Some(kind.name),
        at: None,
        observed: format!("{} {statements} cancelled in {seconds:.1} s: {}", grouped(cancelled), kind.why),
        impact: "reads on this standby end with an error (40001 or 40P01), and do so again as long as both go on".to_owned(),
        fix: kind.fix.to_owned(),
        actions: Vec::new(),
        risk: kind.risk.to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

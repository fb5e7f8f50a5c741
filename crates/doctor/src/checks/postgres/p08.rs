//! P08: rows that died are not removed, as autovacuum is off or does not keep up. Tables of the database that was asked.
//!
//! Source: the documentation of PostgreSQL, 20.10 and 25.1.6: a table is due with more dead rows than `autovacuum_vacuum_threshold` and
//! `autovacuum_vacuum_scale_factor` of its rows, and from 18 on at most `autovacuum_vacuum_max_threshold`. Twice that, for longer than an
//! hour, is ours.

use super::words::{altered, counted, rough, span, within};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresTable};

/// Times what makes it due.
const TIMES: f64 = 2.0;

/// Fewer dead rows are no matter.
const DEAD: u64 = 10_000;

/// One that was vacuumed since is only busy.
const LATE_S: u64 = 3_600;

/// Of 128 MB a table is large enough to miss a vacuum that is switched off for it.
const PAGES: u64 = 16_384;

/// More are not told one by one.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P08",
    title: "rows that died are not removed: autovacuum is off or does not keep up",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "autovacuum and track_counts are on, and no table has twice as many dead rows as make it due",
    guardrail: "alert on pg_stat_user_tables_n_dead_tup against its table's trigger; log_autovacuum_min_duration",
    probes: &[
        "pg_settings: autovacuum, track_counts and those of its triggers",
        "pg_class and the statistics of the 5000 largest tables of the database of the connection: the worst",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-autovacuum-slo", "pg-xid-wraparound"],
    page: Page {
        symptom: "Tables and indexes grow, and queries over them become slower from week to week, though the number of rows stays the same.",
        culprit: "Somebody switched autovacuum off for a load and not on again, for all or for a table. Or it does not keep up: too few workers, a large table whose scale factor lets a fifth of it die first, or a cost limit of slow disks. Or it runs and can remove nothing, which is P04.",
        proof: "autovacuum or track_counts off, of all or (reloptions) of a table of 128 MB and more. And tables with more than 10,000 dead rows that have twice as many as make them due, by their own settings, and were not vacuumed for an hour. Of one that never was, it cannot be told since when: confidence is low. Tables of the database of the connection only: look at each. That freezing does not keep up is P02.",
        fix: "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf(). For a table: ALTER TABLE ... RESET (autovacuum_enabled). One that is late: VACUUM (VERBOSE) it now, whose output says whether rows cannot be removed yet (then P04); and for a large one ALTER TABLE ... SET (autovacuum_vacuum_scale_factor = 0.02), so that it is done sooner and in smaller parts.",
        cost: "A vacuum reads what changed and writes; it takes no lock that stops reads or writes. What tables have grown by stays theirs: only a rewrite, as by pg_repack, gives it back.",
        lab: "A server with autovacuum off and a table of which a drawn number of rows died; mended by switching it on and a vacuum.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    for name in ["autovacuum", "track_counts"] {
        if server.setting(name)? == "off" {
            faults.push(off(server, name));
        }
    }
    if server.identity.seen()?.in_recovery {
        return Ok(Verdict {
            observed: "it is a standby, where rows die by replay".to_owned(),
            faults,
            unseen: None,
        });
    }
    let tables = server.tables.seen();
    let trigger = Trigger::of(server)?;
    let seen = tables.iter().flat_map(|tables| tables.iter());
    let mut tables_off: Vec<_> = seen
        .clone()
        .filter(|it| it.pages >= PAGES && is_off(it))
        .map(|it| table_off(server, it))
        .collect();
    let mut late: Vec<_> = seen.filter(|it| trigger.is_late(it)).collect();
    late.sort_by_key(|it| std::cmp::Reverse(it.dead));
    let most = tables.iter().flat_map(|it| it.iter()).map(|it| it.dead).max().unwrap_or(0);
    faults.append(&mut tables_off);
    faults.extend(late.into_iter().map(|it| trigger.late(it)));
    faults.truncate(TOLD);
    let judged = tables.as_ref().map_or(0, |it| it.len());
    let observed = format!(
        "autovacuum is on; of {} none is late, and none has more than {} dead rows",
        counted(judged as u64, "table", "tables"),
        rough(most)
    );
    Ok(Verdict { observed, faults, unseen: tables.err() })
}

/// A setting of the table's own.
fn option<'t>(table: &'t PostgresTable, name: &str) -> Option<&'t str> {
    table
        .options
        .iter()
        .find_map(|it| it.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

/// Whether it is switched off for a table: as somebody wrote it, which may be any form of a boolean.
fn is_off(table: &PostgresTable) -> bool {
    let value = option(table, "autovacuum_enabled").map(str::to_lowercase);
    value.is_some_and(|it| matches!(it.as_str(), "false" | "off" | "no" | "0" | "f" | "n"))
}

/// Of more than four thousand million rows it is the same.
fn number(rows: u64) -> f64 {
    u32::try_from(rows).unwrap_or(u32::MAX).into()
}

/// What makes a table due.
struct Trigger {
    threshold: f64,
    scale: f64,
    /// From 18 on; -1 is none.
    most: Option<f64>,
}

impl Trigger {
    fn of(server: &Postgres) -> Result<Self, Blind> {
        let number = |name: &str| -> Result<f64, Blind> {
            let text = server.setting(name)?;
            text.parse()
                .map_err(|error| Blind::Failed(format!("{name} is no number, {text}: {error}")))
        };
        let most = match number("autovacuum_vacuum_max_threshold") {
            Err(Blind::Absent(_)) => None,
            other => Some(other?).filter(|most| *most >= 0.0),
        };
        Ok(Self {
            threshold: number("autovacuum_vacuum_threshold")?,
            scale: number("autovacuum_vacuum_scale_factor")?,
            most,
        })
    }

    /// So many dead rows make it due.
    fn due(&self, table: &PostgresTable) -> f64 {
        let own =
            |name: &str, or: f64| option(table, name).and_then(|it| it.parse().ok()).unwrap_or(or);
        let rows = number(u64::try_from(table.rows).unwrap_or(0));
        let due = own("autovacuum_vacuum_threshold", self.threshold)
            + own("autovacuum_vacuum_scale_factor", self.scale) * rows;
        let most = option(table, "autovacuum_vacuum_max_threshold")
            .and_then(|it| it.parse().ok())
            .or(self.most)
            .filter(|it| *it >= 0.0);
        most.map_or(due, |most| due.min(most))
    }

    fn is_late(&self, table: &PostgresTable) -> bool {
        table.dead > DEAD
            && number(table.dead) > TIMES * self.due(table)
            && table.vacuum_s.is_none_or(|s| s >= LATE_S)
    }

    fn late(&self, table: &PostgresTable) -> Fault {
        let PostgresTable { schema, name, dead, live, vacuum_s, autovacuums, .. } = table;
        let due = self.due(table);
        let last = vacuum_s.map_or_else(
            || "was never vacuumed".to_owned(),
            |s| format!("was last vacuumed {} ago", span(s)),
        );
        let quoted = within(schema, name);
        Fault {
            severity: Severity::Warning,
            aspect: Some("late"),
            at: Some(format!("{schema}.{name}")),
            observed: format!("{schema}.{name} has {} dead rows beside {} live ones, is due from {} on, and {last}", rough(*dead), rough(*live), format_args!("{due:.0}")),
            impact: "it grows by what died, with its indexes; that is not given back to the disk by a later vacuum".to_owned(),
            fix: format!("VACUUM (VERBOSE, ANALYZE) {quoted}; and if it is large: ALTER TABLE {quoted} SET (autovacuum_vacuum_scale_factor = 0.02);"),
            actions: Vec::new(),
            risk: "it reads and writes for a while; no lock that stops others. Undo: RESET (autovacuum_vacuum_scale_factor)".to_owned(),
            reversible: true,
            evidence: vec![Evidence {
                probe: format!("pg_stat_user_tables {schema}.{name}"),
                value: format!("n_dead_tup={dead} n_live_tup={live} autovacuum_count={autovacuums}"),
            }],
            // It may have been filled a minute ago.
            confidence: if vacuum_s.is_some() { Confidence::High } else { Confidence::Low },
        }
    }
}

/// For all tables.
fn off(server: &Postgres, name: &'static str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("off"),
        at: None,
        observed: format!("{name} is off"),
        impact: "dead rows stay in all tables, and plans are made of old statistics; only what must be frozen still is".to_owned(),
        fix: format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"),
        actions: altered(server, name, "on"),
        risk: "it has much to do at first: the disk is busy".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: format!("pg_settings {name}"), value: "off".to_owned() }],
        confidence: Confidence::High,
    }
}

/// For one.
fn table_off(server: &Postgres, table: &PostgresTable) -> Fault {
    let PostgresTable { schema, name, pages, dead, .. } = table;
    Fault {
        aspect: Some("table"),
        at: Some(format!("{schema}.{name}")),
        observed: format!(
            "autovacuum is off for {schema}.{name} of {} pages, which has {} dead rows",
            rough(*pages),
            rough(*dead)
        ),
        impact: "its dead rows stay, unless somebody vacuums it".to_owned(),
        fix: format!("ALTER TABLE {} RESET (autovacuum_enabled);", within(schema, name)),
        evidence: vec![Evidence {
            probe: format!("pg_class {schema}.{name}"),
            value: table.options.join(" "),
        }],
        // In its own database, which a script cannot know.
        actions: Vec::new(),
        ..off(server, "autovacuum")
    }
}

#[cfg(test)]
mod tests;

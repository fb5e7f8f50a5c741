//! P23: updates do not stay within their page, so that each writes to every index of its table.
//!
//! Source: the documentation of PostgreSQL, 73.7 (heap-only tuples), 28.2 (`pg_stat_all_tables`: `n_tup_hot_upd`, from 16 on
//! `n_tup_newpage_upd`).

use super::words::{float, grouped, quoted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresTable, growth};

/// With fewer in the window the share says little.
const UPDATES_MIN: u64 = 10_000;

/// Of all updates; below it most of them write to all indexes.
const HOT_SHARE_MIN: f64 = 0.5;

pub(super) static CHECK: Check = Check {
    id: "P23",
    title: "updates of a busy table write to all of its indexes",
    severity: Severity::Warning,
    needs: "nothing; a window with more than 10,000 updates of the table (--since)",
    expected: "at least half of the updates of a busy table stay within their page (HOT)",
    guardrail: "watch n_tup_hot_upd / n_tup_upd of pg_stat_user_tables for a week before and after each new index",
    probes: &[
        "pg_stat_user_tables: n_tup_upd, n_tup_hot_upd, n_tup_newpage_upd (16 and later), of the tables that are worst or largest",
        "pg_class: reloptions (fillfactor)",
        "pg_index: names of the indexes of such a table",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-hot-update-fillfactor", "pg-index-breaks-hot"],
    page: Page {
        symptom: "Writes became several times slower, or a table and its indexes grow though vacuum runs: since somebody made an index, or all along.",
        culprit: "An update whose new row version fits the same page, and that changes no column of any index, touches no index (HOT). One index on a column that changes often, a status, a counter, a time of last change, ends that for every update of it. So do pages that are full: without fillfactor there is no room for the new version.",
        proof: "Of more than 10,000 updates between the looks fewer than half stayed within their page. From 16 on n_tup_newpage_upd tells which it is: versions that found no room (fillfactor), or else an indexed column that changes. Tables without an index are left out. Totals are no fault: compare two looks with --since.",
        fix: "If an index is the cause: find that which has a column of the SET list (the newest is the first suspect), and drop it if pg_stat_user_indexes shows no use, or make it of other columns; from 16 on a BRIN index does no harm. If room is: ALTER TABLE ... SET (fillfactor = 80), which new pages obey at once, and old ones after VACUUM FULL or pg_repack.",
        cost: "Dropping an index is quick, and making it again is not. A fillfactor of 80 makes the table a quarter longer. VACUUM FULL locks the table all the while.",
        lab: "Tens of thousands of updates of an indexed column; mended by dropping that index, and room on the pages.",
    },
    rule: Rule::Postgres(rule),
};

/// What a table did between the looks.
struct Updates {
    all: u64,
    hot: u64,
    /// Those that found no room on their page; none before 16.
    moved: Option<u64>,
}

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let (before, after) = (pair.before()?.tables.seen()?, server.tables.seen()?);
    let seconds = pair.window.seconds();
    let mut faults = Vec::new();
    let mut most = 0;
    let mut unseen = None;
    for table in after.iter().filter(|it| it.index_scans.is_some()) {
        let same = |it: &&PostgresTable| it.schema == table.schema && it.name == table.name;
        // One that was not among the worst before did little since, or is new.
        let Some(earlier) = before.iter().find(same) else { continue };
        let updates = match Updates::between(earlier, table) {
            Ok(updates) => updates,
            Err(blind) => {
                unseen = Some(blind);
                continue;
            }
        };
        most = most.max(updates.all);
        if updates.all > UPDATES_MIN && float(updates.hot) < float(updates.all) * HOT_SHARE_MIN {
            faults.push(fault(server, table, &updates, seconds));
        }
    }
    Ok(Verdict {
        observed: format!("at most {} updates of a table in {seconds:.1} s", grouped(most)),
        faults,
        unseen,
    })
}

impl Updates {
    fn between(before: &PostgresTable, after: &PostgresTable) -> Result<Self, Blind> {
        let name = |column: &str| format!("{column} of {}.{}", after.schema, after.name);
        let moved = match (before.moved_updates, after.moved_updates) {
            (Some(_), Some(_)) => {
                Some(growth(&name("n_tup_newpage_upd"), before.moved_updates, after.moved_updates)?)
            }
            _ => None,
        };
        Ok(Self {
            all: growth(&name("n_tup_upd"), Some(before.updates), Some(after.updates))?,
            hot: growth(&name("n_tup_hot_upd"), Some(before.hot_updates), Some(after.hot_updates))?,
            moved,
        })
    }

    /// In percent.
    fn hot_percent(&self) -> f64 {
        float(self.hot) / float(self.all) * 100.0
    }
}

fn fault(server: &Postgres, table: &PostgresTable, updates: &Updates, seconds: f64) -> Fault {
    let name = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
    let room = format!("ALTER TABLE {name} SET (fillfactor = 80); (undo: RESET (fillfactor))");
    let index = format!(
        "find the index with a column that these updates SET, of {}",
        indexes(server, table)
    );
    let cold = updates.all - updates.hot;
    // Those that found no room against those that stayed, and yet were not HOT.
    let (why, fix) = match updates.moved {
        Some(moved) if moved * 2 >= cold => ("there was no room on their page", room),
        Some(_) => ("they change a column of an index", index),
        None => (
            "they change a column of an index, or found no room on their page",
            format!("{index}; if there is none: {room}"),
        ),
    };
    let moved = updates.moved.map_or_else(|| "NULL".to_owned(), |it| it.to_string());
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("table {name}")),
        observed: format!(
            "{:.0} % of {} updates in {seconds:.1} s stayed within their page: {why}",
            updates.hot_percent(),
            grouped(updates.all)
        ),
        impact: "each of the others writes to every index of the table, which grow, and vacuum has to clean them all".to_owned(),
        fix,
        actions: Vec::new(),
        risk: "an index that is dropped may be missed by some statement; a lower fillfactor makes the table longer".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_user_tables {name}"),
            value: format!(
                "n_tup_upd {} more, n_tup_hot_upd {} more, n_tup_newpage_upd {moved} more; reloptions {:?}",
                updates.all, updates.hot, table.options
            ),
        }],
        confidence: Confidence::High,
    }
}

/// The names of its indexes, as far as they were seen.
fn indexes(server: &Postgres, table: &PostgresTable) -> String {
    let of =
        |it: &&crate::snapshot::PostgresIndex| it.schema == table.schema && it.table == table.name;
    let names: Vec<_> = server.indexes.seen().map_or_else(
        |_| Vec::new(),
        |all| all.iter().filter(of).map(|it| it.name.clone()).collect(),
    );
    if names.is_empty() { "those of the table".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;

//! P09: more than half of a large table is room that no row needs.
//!
//! Source: the documentation of PostgreSQL, F.33 (`pgstattuple_approx`), 73.6 (pages: a header of 24 bytes, 4 for the pointer to a row, 23 for
//! its header, aligned to 8), 25.1.2 (`VACUUM FULL`). The share and the size from which it counts are ours.

use super::words::{binary, counted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresBloat, TABLES_MAX};

/// More than so much of a table, in percent.
const SHARE: u64 = 50;

/// And more than so many bytes of it: 1 GiB.
const BYTES: u64 = 1 << 30;

/// What stands before the rows of a page.
const PAGE_HEADER: u64 = 24;

/// What stands before the values of a row, without its pointer and the bits of what is null.
const ROW_HEADER: u64 = 23;

/// From where a row is pointed to.
const POINTER: u64 = 4;

pub(super) static CHECK: Check = Check {
    id: "P09",
    title: "more than half of a large table is dead or free",
    severity: Severity::Warning,
    needs: "SELECT on large tables, or pg_read_all_data, as pg_stats shows no other columns; with --deep the extension pgstattuple and pg_stat_scan_tables",
    expected: "of tables of which more than 1 GiB is dead or free that is at most half",
    guardrail: "autovacuum_vacuum_scale_factor of 0.01 to 0.05 for large tables; partitions that are dropped instead of rows that are deleted",
    probes: &[
        "pg_class: pages, rows and fillfactor of tables of at least 1 GiB, at most 100",
        "pg_stats: the share of nulls and the average width of their columns",
        "pgstattuple_approx of at most 5 of them below 10 GB, for at most a second each, only with --deep, where the extension is",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-hot-standby-feedback-bloat"],
    page: Page {
        symptom: "A table takes many times the room of its rows; reading all of it and backups take as much longer, the cache holds pages that are mostly empty, and the disk does not get emptier though rows were deleted.",
        culprit: "Updates and deletes leave rows behind that vacuum frees for new rows of the same table, and gives back to the system only at its end. Where vacuum could not keep up for a while (P08), or something held back what it may remove (P04: a long transaction, a slot, a standby with hot_standby_feedback), the table grew, and stays so large afterwards.",
        proof: "Measured: with --deep, the extension pgstattuple and a table below 10 GB, pgstattuple_approx tells what is dead and what is free, to which autovacuum pages that are all alive contribute by the free space map; what fillfactor leaves free on purpose does not count. Else estimated: the rows and their average width by the last analyze, against the pages. That is easily wrong by a factor of two and more where the statistics are old or widths differ much, so it is but a hint, of low confidence: measure before anything is done. Fails above half of the table and 1 GiB. Indexes are told by P29, and what is stored apart (TOAST) by P24.",
        fix: "First what made it so: see P04 and P08. Where rows are dead, VACUUM. Free room is filled by new rows: if the table will grow to that again, leave it. Else pg_repack, which lets work go on, or VACUUM (FULL) in a window in which nobody needs the table.",
        cost: "VACUUM (FULL) locks the table for reads, too, until it is done, and needs room for all rows that are alive, and their WAL. pg_repack needs the same room, a primary key, and a moment of such a lock at both ends.",
        lab: "A table of rows of 7 kB, more than 1 GiB, of which nine tenths are deleted while autovacuum is off: first by the estimate, then measured; mended by VACUUM (FULL).",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let tables = pair.after()?.bloat.seen()?;
    let (mut faults, mut unseen) = (Vec::new(), None);
    for table in tables {
        match waste(table) {
            Ok(waste) => faults.extend(fault(table, &waste)),
            Err(blind) => unseen = Some(blind),
        }
    }
    let observed = match tables.len() {
        0 => "there is no table of 1 GiB".to_owned(),
        TABLES_MAX.. => format!(
            "of the {TABLES_MAX} largest tables of 1 GiB or more none is more than half dead or free; smaller ones were not looked at"
        ),
        tables => {
            format!("of {tables} tables of 1 GiB or more none is more than half dead or free")
        }
    };
    Ok(Verdict { observed, faults, unseen })
}

/// Room that no row needs.
struct Waste {
    bytes: u64,
    of_bytes: u64,
    /// What is dead of it; none of an estimate.
    dead_bytes: Option<u64>,
}

/// As measured, else by the statistics.
fn waste(table: &PostgresBloat) -> Result<Waste, Blind> {
    match table.measured.seen() {
        Ok(space) => {
            let on_purpose = space.bytes / 100 * 100_u64.saturating_sub(table.fill);
            let free = space.free_bytes.saturating_sub(on_purpose);
            Ok(Waste {
                bytes: space.dead_bytes.saturating_add(free),
                of_bytes: space.bytes,
                dead_bytes: Some(space.dead_bytes),
            })
        }
        Err(Blind::Absent(_)) => estimated(table),
        Err(blind) => Err(blind),
    }
}

/// Why there are no statistics of a table, or none that may be seen.
fn unknown(table: &PostgresBloat) -> Blind {
    let PostgresBloat { name, rows, without, filtered, readable, .. } = table;
    if !readable {
        return Blind::Denied(format!(
            "SELECT on {name}, for the widths of its columns (pg_stats)"
        ));
    }
    if rows.is_some() && *filtered {
        return Blind::Denied(format!(
            "BYPASSRLS: row security of {name} hides its statistics (pg_stats) from the role; or measure with --deep and pgstattuple"
        ));
    }
    if rows.is_some() && *without > 0 {
        let columns = counted(*without, "column", "columns");
        return Blind::Absent(format!(
            "statistics of {columns} of {name}, which SET STATISTICS 0 keeps from being made: measure with --deep and pgstattuple"
        ));
    }
    Blind::Absent(format!("statistics of {name}: ANALYZE {name}"))
}

fn estimated(table: &PostgresBloat) -> Result<Waste, Blind> {
    let Some((rows, width)) = table.rows.zip(table.width) else {
        return Err(unknown(table));
    };
    // As if each row had nulls: a page holds no more than this.
    let row = (ROW_HEADER + table.columns.div_ceil(8)).next_multiple_of(8) + width;
    let row = row.next_multiple_of(8) + POINTER;
    let page = table.page_bytes.saturating_sub(PAGE_HEADER) * table.fill / 100;
    let pages = rows.div_ceil((page / row).max(1));
    Ok(Waste {
        bytes: table.pages.saturating_sub(pages).saturating_mul(table.page_bytes),
        of_bytes: table.pages.saturating_mul(table.page_bytes),
        dead_bytes: None,
    })
}

fn fault(table: &PostgresBloat, waste: &Waste) -> Option<Fault> {
    let Waste { bytes, of_bytes, dead_bytes } = waste;
    let share = u128::from(*bytes) * 100 / u128::from(*of_bytes).max(1);
    let is_more = u128::from(*bytes) * 100 > u128::from(*of_bytes) * u128::from(SHARE);
    if !is_more || *bytes <= BYTES {
        return None;
    }
    let name = &table.name;
    let (severity, confidence, how) = match dead_bytes {
        Some(dead) => {
            (Severity::Warning, Confidence::High, format!(", {} of it dead rows", binary(*dead)))
        }
        None => {
            (Severity::Info, Confidence::Low, ", by the estimate from its statistics".to_owned())
        }
    };
    let measure = match (dead_bytes, table.measured.seen()) {
        (None, Err(Blind::Absent(why))) => format!("measure first (there was no {why}); then "),
        (None, Err(Blind::Denied(needs))) => format!("measure first ({needs}); then "),
        (None, _) => "measure first: --deep with the extension pgstattuple; then ".to_owned(),
        (Some(_), _) => String::new(),
    };
    Some(Fault {
        severity,
        aspect: None,
        at: Some(format!("table {name}")),
        observed: format!(
            "{share} % of {} are dead or free: {}{how}",
            binary(*of_bytes),
            binary(*bytes)
        ),
        impact: "each scan of the table and each backup reads that as well, and the cache is filled with it; the room is not given back to the disk by itself".to_owned(),
        fix: format!(
            "{measure}what made it so (P04, P08), VACUUM {name}; if the table will not grow to that again: pg_repack, or VACUUM (FULL) {name} while nobody needs it"
        ),
        actions: Vec::new(),
        risk: "VACUUM (FULL) locks the table for reads, too, until it is done, and needs room and WAL for all rows that are alive".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: if dead_bytes.is_some() { "pgstattuple_approx" } else { "pg_class, pg_stats" }.to_owned(),
            value: evidence(table),
        }],
        confidence,
    })
}

fn evidence(table: &PostgresBloat) -> String {
    table.measured.seen().map_or_else(
        |_| {
            format!(
                "relpages={} reltuples={} width={} columns={} fillfactor={}",
                table.pages,
                table.rows.unwrap_or(0),
                table.width.unwrap_or(0),
                table.columns,
                table.fill
            )
        },
        |space| {
            format!(
                "table_len={} dead_tuple_len={} approx_free_space={} fillfactor={}",
                space.bytes, space.dead_bytes, space.free_bytes, table.fill
            )
        },
    )
}

#[cfg(test)]
mod tests;

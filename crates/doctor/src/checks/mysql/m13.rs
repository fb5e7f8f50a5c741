//! M13: statements wait because a buffer, the redo log or the cache of tables is too small.
//!
//! Source: the reference of MySQL 8.4, 7.1.10 (`Innodb_buffer_pool_wait_free`, `Innodb_log_waits`, `Table_open_cache_overflows`); MariaDB
//! `storage/innobase/log/log0log.cc`, which flushes in the foreground when the age of the last checkpoint passes 7/8 of what the log
//! allows. How many overflows are too many is of the house.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

/// So many tables in a second are closed and opened again.
const OVERFLOWS_A_SECOND_MIN: f64 = 10.0;

/// Above this share of what the redo log allows, in eighths, writers wait.
const REDO_EIGHTHS_MAX: u64 = 7;

pub(super) static CHECK: Check = Check {
    id: "M13",
    title: "statements wait because the buffer pool, the redo log or the table cache is too small",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "nobody waits for a free page or for room in the log buffer, the redo log is at most 7/8 full, and tables stay open",
    guardrail: "alert on rate(mysql_global_status_innodb_buffer_pool_wait_free[5m]) > 0, rate(mysql_global_status_innodb_log_waits[5m]) > 0 and rate(mysql_global_status_table_open_cache_overflows[5m]) > 10 (mysqld_exporter)",
    probes: &[
        "SHOW GLOBAL STATUS: Innodb_buffer_pool_wait_free, Innodb_log_waits, Table_open_cache_overflows; of MariaDB Innodb_checkpoint_age and Innodb_checkpoint_max_age",
        "SHOW GLOBAL VARIABLES: innodb_buffer_pool_size, innodb_log_buffer_size, innodb_log_file_size, innodb_redo_log_capacity, table_open_cache",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Writes that stall for seconds again and again, in waves; or statements that take long to begin, on a server with many tables. CPU is idle, the disk is busy with writes.",
        culprit: "Four sizes. Where the buffer pool has no clean page left, who reads or writes flushes one itself. Where the log buffer is full, a transaction waits until it is written. Where the redo log comes to its end before the pages that it is about are written, all writers wait until they are. Where more tables are used than the cache holds, each statement opens its tables anew.",
        proof: "Not the sizes themselves, which say nothing, but that somebody waited: what was counted between the two looks, and how full the redo log was at both. A total since the start is no fault. MySQL does not say how full the redo log is without an instrument that is off, so that part is told of MariaDB alone.",
        fix: "Pool: innodb_buffer_pool_size, while it runs, to what the machine has left; and see whether the disk keeps up. Redo: innodb_log_file_size (MariaDB 10.9 and later while it runs), innodb_redo_log_capacity (MySQL 8.0.30 and later while it runs): an hour's worth of writes. Log buffer: innodb_log_buffer_size. Tables: table_open_cache, while it runs, and the limit of descriptors with it.",
        cost: "Memory for the pool and the buffers, room on the disk for the log, and a longer start after a crash with a large log. A descriptor for each table that stays open. All can be set back.",
        lab: "A server that keeps few tables open, and a client that uses many, the number drawn; mended by a larger cache. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

/// What somebody waits for: aspect, counter, at least how many in a second, what happens, and which setting.
struct Shortage {
    aspect: &'static str,
    counter: &'static str,
    a_second_min: f64,
    what: &'static str,
    impact: &'static str,
    settings: &'static [&'static str],
}

const SHORTAGES: [Shortage; 3] = [
    Shortage {
        aspect: "pool",
        counter: "innodb_buffer_pool_wait_free",
        a_second_min: 0.0,
        what: "waits for a free page of the buffer pool",
        impact: "statements write pages of others to the disk before they get on, in waves of seconds",
        settings: &["innodb_buffer_pool_size"],
    },
    Shortage {
        aspect: "log buffer",
        counter: "innodb_log_waits",
        a_second_min: 0.0,
        what: "waits for room in the log buffer",
        impact: "transactions wait in their middle for the disk, not only at their commit",
        settings: &["innodb_log_buffer_size"],
    },
    Shortage {
        aspect: "tables",
        counter: "table_open_cache_overflows",
        a_second_min: OVERFLOWS_A_SECOND_MIN,
        what: "tables were closed for others to be opened",
        impact: "statements open their tables anew, one after the other, before they begin",
        settings: &["table_open_cache"],
    },
];

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let seconds = pair.window.seconds();
    let mut verdict = Verdict::default();
    let mut told = Vec::new();
    for shortage in &SHORTAGES {
        match pair.status_growth(shortage.counter) {
            Ok(count) => {
                told.push(format!("{count} {}", shortage.what));
                verdict.faults.extend(short(server, shortage, count, seconds));
            }
            Err(blind) => verdict.unseen = Some(blind),
        }
    }
    match redo(pair) {
        Ok(fault) => verdict.faults.extend(fault),
        // MySQL does not tell it: see the page.
        Err(Blind::Absent(_)) if !server.is_mariadb()? => {}
        Err(blind) => verdict.unseen = Some(blind),
    }
    verdict.observed = format!("{} in {seconds:.1} s", told.join(", "));
    Ok(verdict)
}

fn short(server: &Mysql, shortage: &Shortage, count: u64, seconds: f64) -> Option<Fault> {
    let a_second = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
    if count == 0 || a_second < shortage.a_second_min {
        return None;
    }
    let observed = format!("{count} {} in {seconds:.1} s", shortage.what);
    let evidence = Evidence {
        probe: format!("SHOW GLOBAL STATUS {}", shortage.counter),
        value: format!("{count} more in {seconds:.1} s"),
    };
    Some(fault(server, shortage.aspect, observed, shortage.impact, shortage.settings, evidence))
}

/// Whether the redo log is too full, at both looks.
fn redo(pair: &Pair<'_, Mysql>) -> Result<Option<Fault>, Blind> {
    let full = |server: &Mysql| {
        let of = |name: &str| {
            let value = server.status_number(name)?;
            value.ok_or_else(|| Blind::Absent(format!("counter {name}")))
        };
        Ok::<_, Blind>((of("innodb_checkpoint_age")?, of("innodb_checkpoint_max_age")?))
    };
    let ((old_age, old_max), (age, max)) = (full(pair.before()?)?, full(pair.after()?)?);
    let is_full = |age: u64, max: u64| age.saturating_mul(8) > max.saturating_mul(REDO_EIGHTHS_MAX);
    if !is_full(old_age, old_max) || !is_full(age, max) {
        return Ok(None);
    }
    let observed =
        format!("the redo log is {} % full, at both looks", age.saturating_mul(100) / max.max(1));
    let impact = "all writers wait while pages are written, in waves of seconds";
    let evidence = Evidence {
        probe: "SHOW GLOBAL STATUS Innodb_checkpoint_age, Innodb_checkpoint_max_age".to_owned(),
        value: format!("{age} of {max} bytes; {old_age} before"),
    };
    let settings = &["innodb_redo_log_capacity", "innodb_log_file_size"];
    Ok(Some(fault(pair.after()?, "redo", observed, impact, settings, evidence)))
}

fn fault(
    server: &Mysql,
    aspect: &'static str,
    observed: String,
    impact: &str,
    settings: &[&'static str],
    evidence: Evidence,
) -> Fault {
    let now = settings.iter().find_map(|name| Some((*name, server.variable(name).ok()?)));
    let fix = match now {
        Some((name, value)) => format!("a larger {name} (undo: {value})"),
        None => format!("a larger {}", settings.join(" or ")),
    };
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: None,
        observed,
        impact: impact.to_owned(),
        fix,
        actions: Vec::new(),
        risk: "memory, or room on the disk and a longer start after a crash; a descriptor for each table".to_owned(),
        reversible: true,
        evidence: vec![evidence],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

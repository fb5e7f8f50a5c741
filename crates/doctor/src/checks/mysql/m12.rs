//! M12: a column that counts up by itself comes to the end of its type.
//!
//! Source: the reference of MySQL 8.4, 13.1.2 (ranges of integers) and 5.6.9 (`AUTO_INCREMENT`); the thresholds are of the house: the
//! change that is needed takes days to prepare on a large table.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlCounter, Pair};

/// Above this share of what the type holds, in percent, it is time to change it.
const USED_PERCENT_WARNING: u64 = 70;
/// Above this it is late.
const USED_PERCENT_CRITICAL: u64 = 90;

/// A date is told only for windows of at least so many seconds.
const FORECAST_SECONDS_MIN: f64 = 60.0;

const SECONDS_OF_DAY: f64 = 86_400.0;

pub(super) static CHECK: Check = Check {
    id: "M12",
    title: "a column that counts up comes to the end of its type",
    severity: Severity::Critical,
    needs: "SELECT on *.*, as tables without a right on them are not shown",
    expected: "no AUTO_INCREMENT column has used more than 70 % of its type",
    guardrail: "alert on mysql_info_schema_auto_increment_column / mysql_info_schema_auto_increment_column_max > 0.7 (mysqld_exporter, collect.auto_increment.columns)",
    probes: &[
        "information_schema.COLUMNS with EXTRA auto_increment, and TABLES.AUTO_INCREMENT of the same tables",
    ],
    proof: Proof::Lab,
    catalogue: &["mysql-autoincrement-int-overflow"],
    page: Page {
        symptom: "From one moment to the next no row can be added to one table: \"Duplicate entry '2147483647' for key 'PRIMARY'\", or \"Failed to read auto-increment value\". The message says nothing of a type that is full, so people look for a duplicate.",
        culprit: "A column that counts up holds as much as its type: 2,147,483,647 of INT, half of what INT UNSIGNED holds, and 127 of TINYINT. Numbers that were given once do not come back: deleted rows, transactions that were rolled back, INSERT IGNORE and INSERT ... ON DUPLICATE KEY UPDATE use them up as well, so there may be far fewer rows than numbers.",
        proof: "The next number of each table against the largest that the type of its column holds, signed or not. Fails above 70 %, and is critical above 90 %. When it will be full is told only where the looks are at least 60 s apart.",
        fix: "Make the column BIGINT UNSIGNED, and every column that refers to it first, or else the new numbers do not fit there. On a large table ALTER TABLE copies it and holds up writes for as long: use gh-ost or pt-online-schema-change, or change a replica and switch over. INT UNSIGNED is as much of a copy and only twice as far: go to BIGINT at once.",
        cost: "A copy of the table: its room on the disk once more, time, and load on replicas. Clients that hold the number in 32 bits have to be changed before. To go back is another copy, and only while the numbers still fit.",
        lab: "A table with a column of a type that is drawn, set to near its end; mended by a larger type. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let counters = server.counters.seen()?;
    let mut faults = Vec::new();
    let mut unknown = None;
    for counter in counters {
        match (counter.next, counter.maximum()) {
            (Some(next), Some(maximum)) => faults.extend(judge(pair, counter, next, maximum)),
            // A type that does not end, such as DOUBLE, is nothing to judge.
            (Some(_), None) => {}
            (None, _) => {
                let what = format!("next number of {}.{}", counter.table, counter.column);
                unknown = Some(Blind::Absent(what));
            }
        }
    }
    let observed = format!(
        "{} columns count up, none has used more than {USED_PERCENT_WARNING} % of its type",
        counters.len()
    );
    let unseen = server.sees_all_tables().err().or(unknown);
    Ok(Verdict { observed, faults, unseen })
}

fn judge(pair: &Pair<'_, Mysql>, counter: &MysqlCounter, next: u64, maximum: u64) -> Option<Fault> {
    let used = u128::from(next) * 100;
    let is_above = |percent: u64| used > u128::from(maximum) * u128::from(percent);
    let severity = match (is_above(USED_PERCENT_CRITICAL), is_above(USED_PERCENT_WARNING)) {
        (true, _) => Severity::Critical,
        (false, true) => Severity::Warning,
        (false, false) => return None,
    };
    let MysqlCounter { table, column, column_type, .. } = counter;
    let percent = used / u128::from(maximum.max(1));
    let left = maximum.saturating_sub(next).saturating_add(u64::from(next <= maximum));
    let when = full_in(pair, counter, next, left)
        .map_or_else(String::new, |days| format!(", in about {days:.0} days"));
    Some(Fault {
        severity,
        aspect: None,
        at: Some(format!("{table}.{column}")),
        observed: format!(
            "the next number is {next}, {percent} % of {column_type}: {left} are left"
        ),
        impact: format!("when they are used up{when}, no row can be added to {table} any more"),
        fix: format!(
            "make {column} BIGINT UNSIGNED, and columns that refer to it before: gh-ost or pt-online-schema-change on {table}"
        ),
        actions: Vec::new(),
        risk: "a copy of the table: its room on the disk once more, and load while it runs"
            .to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("information_schema.TABLES AUTO_INCREMENT of {table}"),
            value: format!("{next}; {column_type} holds {maximum}"),
        }],
        confidence: Confidence::High,
    })
}

/// In how many days nothing is left, by how many numbers were used between the looks, if that says anything.
fn full_in(pair: &Pair<'_, Mysql>, counter: &MysqlCounter, next: u64, left: u64) -> Option<f64> {
    let seconds = pair.window.seconds();
    let counters = pair.before().ok()?.counters.seen().ok()?;
    let before = counters.iter().find(|it| it.table == counter.table)?.next?;
    let used = next.checked_sub(before).filter(|used| *used > 0)?;
    if seconds < FORECAST_SECONDS_MIN {
        return None;
    }
    Some(float(left) / (float(used) / seconds) / SECONDS_OF_DAY)
}

/// Exact enough for days.
fn float(number: u64) -> f64 {
    let (high, low) = (u32::try_from(number >> 32), u32::try_from(number & 0xffff_ffff));
    f64::from(high.unwrap_or(u32::MAX)) * 4_294_967_296.0 + f64::from(low.unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;

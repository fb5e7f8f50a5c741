//! P20: a version that gets no corrections any more, or lacks those that there are; and counters that began anew.
//!
//! Source: the versioning policy of PostgreSQL (its table of final releases), the release notes of its minor versions, and 28.1 of its
//! documentation (counters are set back after a crash).

use super::words::span;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// A line of versions.
struct Line {
    major: u32,
    /// The newest minor version that this doctor knows.
    newest: u32,
    /// Its final release, as it is written.
    ends: &'static str,
    /// The same, in days since 1970.
    ends_day: u64,
}

/// The newest minor versions of August 2026. 18.5 was never released.
const LINES: &[Line] = &[
    Line { major: 12, newest: 22, ends: "2024-11-21", ends_day: 20_048 },
    Line { major: 13, newest: 23, ends: "2025-11-13", ends_day: 20_405 },
    Line { major: 14, newest: 23, ends: "2026-11-12", ends_day: 20_769 },
    Line { major: 15, newest: 19, ends: "2027-11-11", ends_day: 21_133 },
    Line { major: 16, newest: 15, ends: "2028-11-09", ends_day: 21_497 },
    Line { major: 17, newest: 11, ends: "2029-11-08", ends_day: 21_861 },
    Line { major: 18, newest: 6, ends: "2030-11-14", ends_day: 22_232 },
];

/// Four minor versions are a year: they come each quarter.
const BEHIND_WARNING: u32 = 4;

/// So long before its end an upgrade should be planned.
const END_NEAR_DAYS: u64 = 180;

/// Decisions by counters that are younger rest on less than one cycle of a day.
const COUNTERS_SECONDS_MIN: u64 = 86_400;

/// The first start of a cluster begins its counters, too; whatever comes so long after a start is something else.
const START_SECONDS: u64 = 60;

const UPGRADE: &str =
    "plan an upgrade to a newer major version: pg_upgrade on a copy first, or logical replication";
const UPGRADE_COSTS: &str =
    "an upgrade of the major version stops the server for minutes and has to be rehearsed";

const DAY_MS: u64 = 86_400_000;

pub(super) static CHECK: Check = Check {
    id: "P20",
    title: "the version gets no corrections any more, or lacks those that there are; or its counters began anew",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "a supported version of the last year, and counters of at least a day",
    guardrail: "a calendar entry for the final release of the version, and minor versions within a month of their release",
    probes: &[
        "server_version_num",
        "pg_stat_database.stats_reset of the database that was asked, pg_postmaster_start_time()",
    ],
    proof: Proof::Recorded,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until a known defect or a known hole is met that others have closed long ago.",
        culprit: "A major version gets corrections for five years. Within it, a minor version comes each quarter, which corrects defects that lose data or give wrong results, and needs no more than new programs and a restart.",
        proof: "Aspect version: the version against a table of final releases and of the newest minor versions that this doctor knows, so that it may be further behind than told, never less; a warning after the end or from four minor versions on, else information. Aspect counters: information where the counters of the database are younger than a day and began later than the server: they were set back by hand, or by the crash of a process of it, after which autovacuum, too, has forgotten what is dead in each table.",
        fix: "For a minor version: new packages, a restart, and a look at the release notes of each version between, as a few ask for a REINDEX. For a major one: pg_upgrade, or logical replication. After counters were set back: ANALYZE, so that autovacuum knows of live rows again; and judge ratios and unused indexes only after a full cycle of your business.",
        cost: "A minor version costs a restart. A major one costs a rehearsal on a copy, and statistics have to be made anew before 18.",
        lab: "None: a lab runs the version that is installed. Recordings of real servers of 12 and 18 show it.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let version = server.version()?;
    let (major, minor) = (version / 10_000, version % 10_000);
    let today = pair.window.after.at_ms / DAY_MS;
    let mut faults = Vec::new();
    let known = LINES.iter().find(|line| line.major == major);
    match known {
        Some(line) if today >= line.ends_day => faults.push(ended(line, minor)),
        Some(line) if minor < line.newest => faults.push(behind(line, minor)),
        Some(line) if today + END_NEAR_DAYS >= line.ends_day => {
            faults.push(ending(line, minor, line.ends_day - today));
        }
        None if LINES.first().is_some_and(|line| major < line.major) => faults.push(ancient(major)),
        _ => {}
    }
    let counters = server.counters.seen();
    if let Ok(counters) = &counters {
        let (reset, up) = (counters.reset_seconds, counters.up_seconds);
        let is_young = |reset: &u64| *reset < COUNTERS_SECONDS_MIN && reset + START_SECONDS < up;
        if let Some(reset) = reset.filter(is_young) {
            faults.push(young(&counters.database, reset, up));
        }
    }
    let unknown = (known.is_none() && faults.is_empty())
        .then(|| Blind::Absent(format!("such version {major} for this doctor: take a newer one")));
    Ok(Verdict {
        observed: format!("version {major}.{minor}"),
        faults,
        unseen: counters.err().or(unknown),
    })
}

/// `18.6`.
fn newest(line: &Line) -> String {
    format!("{}.{}", line.major, line.newest)
}

fn ended(line: &Line, minor: u32) -> Fault {
    let Line { major, ends, .. } = line;
    version(
        Severity::Warning,
        format!("version {major}.{minor} got its final release on {ends}"),
        "defects and holes that are found from now on stay open in it".to_owned(),
        UPGRADE.to_owned(),
        UPGRADE_COSTS,
        (major * 10_000 + minor).to_string(),
    )
}

fn ancient(major: u32) -> Fault {
    version(
        Severity::Warning,
        format!("version {major} got its final release long ago"),
        "defects and holes that are found from now on stay open in it".to_owned(),
        UPGRADE.to_owned(),
        UPGRADE_COSTS,
        major.to_string(),
    )
}

fn ending(line: &Line, minor: u32, days: u64) -> Fault {
    let Line { major, ends, .. } = line;
    version(
        Severity::Info,
        format!("version {major}.{minor} gets its final release in {days} d, on {ends}"),
        "after that defects and holes that are found stay open in it".to_owned(),
        UPGRADE.to_owned(),
        UPGRADE_COSTS,
        (major * 10_000 + minor).to_string(),
    )
}

fn behind(line: &Line, minor: u32) -> Fault {
    let Line { major, newest: last, .. } = line;
    let lag = last - minor;
    let severity = if lag >= BEHIND_WARNING { Severity::Warning } else { Severity::Info };
    version(
        severity,
        format!("version {major}.{minor}, and {} is out", newest(line)),
        "it has known defects that lose data or give wrong results, and known holes".to_owned(),
        format!(
            "install {} or newer of your packages and restart; read the release notes of those between for a REINDEX",
            newest(line)
        ),
        "a restart ends all connections; the format of the data stays, so that one can go back",
        (major * 10_000 + minor).to_string(),
    )
}

fn version(
    severity: Severity,
    observed: String,
    impact: String,
    fix: String,
    risk: &str,
    seen: String,
) -> Fault {
    Fault {
        severity,
        aspect: Some("version"),
        at: None,
        observed,
        impact,
        fix,
        actions: Vec::new(),
        risk: risk.to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: "server_version_num".to_owned(), value: seen }],
        confidence: Confidence::High,
    }
}

fn young(database: &str, reset: u64, up: u64) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("counters"),
        at: Some(format!("database {database}")),
        observed: format!("counters were set back {} ago, and the server runs for {}", span(reset), span(up)),
        impact: "ratios and unused indexes are of this time only, and autovacuum has forgotten what was dead in each table".to_owned(),
        fix: "find out whether a process of the server crashed (its log) or who called pg_stat_reset(); ANALYZE, so that autovacuum counts again".to_owned(),
        actions: Vec::new(),
        risk: "ANALYZE reads a sample of each table".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_stat_database.stats_reset, pg_postmaster_start_time()".to_owned(),
            value: format!("{reset} s ago, {up} s ago"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

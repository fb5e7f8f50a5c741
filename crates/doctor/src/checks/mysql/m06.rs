//! M06: binary logs are gone before a reader that was away comes back; or none ever goes, until the disk is full.
//!
//! Source: the reference of MySQL 8.4, 19.1.6.4 (`binlog_expire_logs_seconds`, 30 days unless told otherwise) and error 1236; the
//! knowledge base of MariaDB, where nothing is purged unless told so. That a reader may be away for a day is of the house: an
//! evening's failure is found in the morning and mended by the next evening.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlLogs, Pair};

/// So long a reader may be away, unless the user says otherwise.
const AWAY_SECONDS: u64 = 86_400;

/// By this name the user says it.
const FACT: &str = "mysql-outage-hours";

/// A disk that is full sooner is a warning, in hours.
const FULL_HOURS_MIN: u64 = 24;

/// A time is told only for windows of at least so many seconds.
const FORECAST_SECONDS_MIN: f64 = 60.0;

pub(super) static CHECK: Check = Check {
    id: "M06",
    title: "binary logs go before their readers have them, or never go",
    severity: Severity::Warning,
    needs: "PROCESS; BINLOG MONITOR (MariaDB) or REPLICATION CLIENT (MySQL) for the size of the logs",
    expected: "binary logs are kept for longer than the longest outage of a reader, 24 h unless --fact mysql-outage-hours=N says otherwise, and not for ever",
    guardrail: "alert on the age of the oldest binary log against the lag of each reader; binlog_expire_logs_seconds = 604800",
    probes: &[
        "SHOW GLOBAL VARIABLES: log_bin, binlog_expire_logs_seconds, expire_logs_days",
        "PROCESSLIST: sessions whose command is Binlog Dump",
        "SHOW BINARY LOGS",
        "statvfs of the folder of log_bin_index, of a server on this machine",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A replica or a connector (Debezium, Maxwell, a backup of binary logs) was down over a weekend, comes back, and stops with error 1236: \"could not find next log\" or \"purged required binary logs\". It has to be made anew from a copy of everything. Or, the other way: the disk of the server fills up with binary logs.",
        culprit: "The server purges binary logs by their age alone, whoever still needs them; in MySQL and MariaDB 10.6 no reader holds them back. Where the age is shorter than an outage, the outage costs a new copy. Where no age is set, as MariaDB has it, nothing is ever purged.",
        proof: "The age from the settings; that somebody reads from the sessions that are sent the log now, or from the user, who says how long a reader may be away. Without an age: how much the logs take against what the disk has left, and how fast they grow where the looks are at least 60 s apart.",
        fix: "SET GLOBAL binlog_expire_logs_seconds = 604800 (a week), and the same in the file; before MariaDB 10.6 and MySQL 8.0 expire_logs_days = 7. Look first that the disk holds as much: SHOW BINARY LOGS says how much a day takes. To purge by hand: SHOW REPLICA STATUS on each reader, then PURGE BINARY LOGS TO the oldest that any of them still needs; never rm.",
        cost: "Room on the disk for as many days. PURGE cannot be undone, and a reader that needed a purged log has to be made anew.",
        lab: "A server with a binary log of an age that is drawn, and a client that reads the log; mended by a longer age. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.variable("log_bin")? != "ON" {
        return Err(Blind::OutOfPlace("it writes no binary log".to_owned()));
    }
    let kept = kept_seconds(server)?;
    if kept == 0 {
        return endless(pair);
    }
    let observed = format!("binary logs are kept for {}", hours(kept));
    let fact = away(pair)?;
    let wanted = fact.map_or(AWAY_SECONDS, |hours| hours.saturating_mul(3_600));
    if kept >= wanted {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let readers = readers(server);
    let who = match (&readers, fact) {
        (Ok(0), None) => {
            return Ok(Verdict {
                observed: observed + ", and nobody reads them",
                ..Verdict::default()
            });
        }
        (Err(blind), None) => return Err(blind.clone()),
        (Ok(count), _) if *count > 0 => format!("{count} sessions read them"),
        _ => format!("--fact {FACT} says that somebody reads them"),
    };
    let fault = short(kept, wanted, &who);
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

/// How many hours a reader may be away, if the user says so.
fn away(pair: &Pair<'_, Mysql>) -> Result<Option<u64>, Blind> {
    let Some(told) = pair.window.after.facts.get(FACT) else { return Ok(None) };
    let hours = told.parse().ok();
    let wrong = || Blind::Denied(format!("a whole number in --fact {FACT}={told}"));
    hours.ok_or_else(wrong).map(Some)
}

/// How long a log is kept, in seconds; 0 for ever.
fn kept_seconds(server: &Mysql) -> Result<u64, Blind> {
    let number =
        |name| server.variable_if_any(name).map(|it| it.map(|_| server.number_of(&[name])));
    let (seconds, days) = (
        number("binlog_expire_logs_seconds")?.transpose()?,
        number("expire_logs_days")?.transpose()?,
    );
    match (seconds, days) {
        (Some(seconds @ 1..), _) => Ok(seconds),
        (_, Some(days)) => Ok(days.saturating_mul(86_400)),
        (Some(0), None) => Ok(0),
        (None, None) => Err(Blind::Absent("setting of how long binary logs are kept".to_owned())),
    }
}

/// How many sessions are sent the log now.
fn readers(server: &Mysql) -> Result<usize, Blind> {
    let sessions = server.sessions.seen()?;
    Ok(sessions.iter().filter(|it| it.command.starts_with("Binlog Dump")).count())
}

/// `36 h`, or `900 s` where it is less than two hours.
fn hours(seconds: u64) -> String {
    if seconds < 7_200 { format!("{seconds} s") } else { format!("{} h", seconds / 3_600) }
}

fn short(kept: u64, wanted: u64, who: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("short"),
        at: None,
        observed: format!("binary logs are kept for {}, and {who}", hours(kept)),
        impact: format!(
            "a reader that is away for more than {} cannot go on (error 1236) and has to be made anew from a copy of everything",
            hours(kept)
        ),
        fix: format!(
            "see that the disk holds it (SHOW BINARY LOGS), then SET GLOBAL binlog_expire_logs_seconds = {}; and in the file (undo: {kept})",
            wanted.max(604_800)
        ),
        actions: Vec::new(),
        risk: "room on the disk for as many days of binary logs".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW GLOBAL VARIABLES binlog_expire_logs_seconds, or expire_logs_days"
                .to_owned(),
            value: format!("{kept} s; a reader may be away for {wanted} s"),
        }],
        confidence: Confidence::High,
    }
}

/// Nothing is ever purged: how bad that is, the disk says.
fn endless(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let MysqlLogs { files, bytes } = *server.logs.seen()?;
    let disk = server.log_disk.seen();
    let full = disk.as_ref().ok().and_then(|disk| full_in_hours(pair, bytes, disk.free));
    let is_large = disk.as_ref().is_ok_and(|disk| bytes > disk.free);
    let is_soon = full.is_some_and(|hours| hours < FULL_HOURS_MIN);
    let mib = bytes >> 20;
    let observed = format!("{files} binary logs of {mib} MiB are kept, and none is ever purged");
    let room = disk.as_ref().map_or_else(
        |_| "how much the disk has left is not known".to_owned(),
        |disk| format!("the disk has {} MiB left of {} MiB", disk.free >> 20, disk.size >> 20),
    );
    let when = full.map_or_else(String::new, |hours| format!(" in about {hours} h"));
    let fault = Fault {
        severity: if is_large || is_soon { Severity::Warning } else { Severity::Info },
        aspect: Some("endless"),
        at: None,
        observed: observed.clone(),
        impact: format!("they fill the disk{when}; then nothing can be written: {room}"),
        fix: "see that every reader has them (SHOW REPLICA STATUS there), then SET GLOBAL binlog_expire_logs_seconds = 604800; and in the file (undo: 0, before the next log begins)".to_owned(),
        actions: Vec::new(),
        risk: "what is purged then does not come back: a reader that was away for more than a week has to be made anew".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "SHOW BINARY LOGS; statvfs".to_owned(),
            value: format!("{files} files, {bytes} bytes; {room}"),
        }],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

/// In how many hours the disk is full, by how much the logs grew between the looks, if that says anything.
fn full_in_hours(pair: &Pair<'_, Mysql>, bytes: u64, free: u64) -> Option<u64> {
    let seconds = pair.window.seconds();
    let before = pair.before().ok()?.logs.seen().ok()?.bytes;
    let grown = bytes.checked_sub(before).filter(|grown| *grown > 0)?;
    if seconds < FORECAST_SECONDS_MIN {
        return None;
    }
    // Windows are of hours or days at most, and sizes of up to some PiB: it cannot overflow.
    let ms = std::time::Duration::from_secs_f64(seconds).as_millis();
    let hours = u128::from(free) * ms / u128::from(grown) / 3_600_000;
    u64::try_from(hours).ok()
}

#[cfg(test)]
mod tests;

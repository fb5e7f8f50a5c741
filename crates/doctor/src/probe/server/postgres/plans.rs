//! Statements that failed as a table changed under their plan, by the end of the server's own log; and tables that changed.
//!
//! Of the log only times are kept, never a line. It is found where the server itself writes: what its collector names, or its standard
//! error, if that is a file.
//!
//! Source: the documentation of PostgreSQL, 20.8 (`current_logfiles`, `log_line_prefix`, `log_timezone`), 9.27 (`pg_xact_commit_timestamp`);
//! `plancache.c` (the message); `elog.c`, `is_log_level_output` (with `log_min_messages = log` no errors are written, either).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use serde::Deserialize;
use tokio::time::timeout_at;

use super::{Postgres, disk};
use crate::probe;
use crate::snapshot::{PostgresAltered, PostgresPlanErrors, PostgresSetting, Probed};
use crate::words::day_of;

/// So much of the end of a log is read.
const TAIL_BYTES: u64 = 4 << 20;

/// So many of the last times are kept.
const TIMES_MAX: usize = 1_000;

/// How such an error stands in a log: as text, as text with its code, as CSV and as JSON.
const ERRORS: [&str; 4] = [
    "ERROR:  cached plan must not change result type",
    "ERROR:  0A000: cached plan must not change result type",
    "ERROR,0A000,\"cached plan must not change result type\"",
    "\"message\":\"cached plan must not change result type\"",
];

/// How and what it logs, since when, and how far its clock of the log is ahead of UTC.
const LOG: &str = "SELECT current_setting('logging_collector') = 'on' AS collected, current_setting('lc_messages') AS language, \
     current_setting('log_destination') AS destination, current_setting('log_min_messages') AS level, \
     round(extract(epoch FROM (now() AT TIME ZONE current_setting('log_timezone'))) - extract(epoch FROM now()))::int AS ahead_s";

/// A column that changed has a younger row than the one that no change touches, that of `ctid`.
const ALTERED: &str = "SELECT format('%I.%I', n.nspname, c.relname) AS name, {since x.at} AS altered_s \
     FROM (SELECT a.attrelid, max(pg_xact_commit_timestamp(a.xmin)) AS at FROM pg_attribute a \
     JOIN pg_attribute s ON s.attrelid = a.attrelid AND s.attnum = -1 \
     WHERE a.attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relpersistence <> 't' AND oid >= 16384 ORDER BY relpages DESC LIMIT 5000) \
     AND a.attnum > 0 AND a.xmin <> s.xmin GROUP BY 1) x \
     JOIN pg_class c ON c.oid = x.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE x.at > now() - interval '1 day' ORDER BY x.at DESC LIMIT 20";

#[derive(Clone, Deserialize)]
struct Log {
    collected: bool,
    language: String,
    /// Where to, such as `stderr,syslog`.
    destination: String,
    /// What is not lower than this is written.
    level: String,
    ahead_s: i64,
}

/// Tables whose columns changed within a day, if the server remembers when transactions were.
pub(super) async fn altered(
    session: &mut Postgres,
    settings: &Probed<BTreeMap<String, PostgresSetting>>,
) -> Probed<Vec<PostgresAltered>> {
    let tracked = settings.clone().map(|all| {
        all.get("track_commit_timestamp").is_some_and(|setting| setting.setting == "on")
    });
    match tracked {
        Probed::Seen(true) => session.rows(ALTERED).await,
        Probed::Seen(false) => Probed::Absent(
            "time at which a table changed: track_commit_timestamp is off, and turned on with a restart".to_owned(),
        ),
        other => other.map(|_| Vec::new()),
    }
}

/// By the log of a server on this machine.
pub(super) async fn errors(
    session: &mut Postgres,
    folder: &Probed<disk::Folder>,
) -> Probed<PostgresPlanErrors> {
    if !session.place.is_local() {
        return Probed::Absent("log of it here: it is on another machine".to_owned());
    }
    let log: Probed<Log> = session.row(LOG).await;
    let (folder, log) = match (folder.clone(), log) {
        (Probed::Seen(folder), Probed::Seen(log)) => (folder, log),
        (Probed::Seen(_), other) => return other.and_then(|_| Probed::default()),
        (other, _) => return other.and_then(|_| Probed::default()),
    };
    if let Some(what) = missing(&log) {
        return Probed::Absent(what);
    }
    // A dead disk never answers.
    let task = tokio::task::spawn_blocking(move || read(&folder, &log));
    match timeout_at(session.until, task).await {
        Ok(Ok(seen)) => seen,
        _ => Probed::Failed("the disk of its log did not answer in time".to_owned()),
    }
}

/// What its log lacks, so that nothing can be read from it.
fn missing(log: &Log) -> Option<String> {
    let Log { language, destination, level, .. } = log;
    if !is_english(language) {
        return Some(format!("English in its log: lc_messages is {language}"));
    }
    // Without the collector, CSV and JSON go to standard error as text.
    let is_file = |one: &str| matches!(one.trim(), "stderr" | "csvlog" | "jsonlog");
    if !destination.split(',').any(is_file) {
        return Some(format!("file to which it logs: log_destination is {destination}"));
    }
    let is_silent = matches!(level_of_clients(level), "log" | "fatal" | "panic");
    is_silent.then(|| format!("error in its log: log_min_messages is {level}"))
}

/// From 19 on each kind of process may have a level of its own: `backend:error, warning`.
fn level_of_clients(level: &str) -> &str {
    let levels = || level.split(',').map(str::trim);
    let own = levels().find_map(|it| it.strip_prefix("backend:"));
    own.or_else(|| levels().find(|it| !it.contains(':'))).unwrap_or(level).trim()
}

fn is_english(language: &str) -> bool {
    matches!(language, "" | "C" | "POSIX")
        || language.starts_with("C.")
        || language.starts_with("en")
}

fn read(folder: &disk::Folder, log: &Log) -> Probed<PostgresPlanErrors> {
    disk::main_process(folder).and_then(|process| {
        let path = if log.collected {
            let list = format!("{}/current_logfiles", folder.path);
            match probe::text(&list).map(|text| collected(&text, &folder.path)) {
                Probed::Seen(Some(path)) => path,
                Probed::Seen(None) => return Probed::Absent(format!("file of a log in {list}")),
                other => return other.and_then(|_| Probed::default()),
            }
        } else {
            format!("/proc/{process}/fd/2")
        };
        match tail(&path) {
            Ok(Some((text, is_whole))) => {
                Probed::Seen(errors_in(&text, is_whole, log.ahead_s, folder.started_s))
            }
            Ok(None) => Probed::Absent(
                "file to which it logs: it writes to a pipe, a terminal or the journal".to_owned(),
            ),
            Err(error) => probe::unseen(&error, &path),
        }
    })
}

/// The first file that its collector writes; a name without a folder is below that of its data.
fn collected(list: &str, data: &str) -> Option<String> {
    let (_, file) = list.lines().next()?.split_once(' ')?;
    Some(if file.starts_with('/') { file.to_owned() } else { format!("{data}/{file}") })
}

/// The end of a file, and whether that is all of it; none of what is no file.
fn tail(path: &str) -> io::Result<Option<(String, bool)>> {
    let of = std::fs::metadata(path)?;
    if !of.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let from = of.len().saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), from == 0)))
}

/// What stands in a log, or in its end.
fn errors_in(text: &str, is_whole: bool, ahead_s: i64, started_s: u64) -> PostgresPlanErrors {
    let is_one = |line: &&str| ERRORS.iter().any(|error| line.contains(error));
    let (mut times_s, mut timeless) = (Vec::new(), 0);
    for line in text.lines().filter(is_one) {
        match time_s(line, ahead_s) {
            Some(time_s) => times_s.push(time_s),
            None => timeless += 1,
        }
    }
    times_s.drain(..times_s.len().saturating_sub(TIMES_MAX));
    // The first line may be cut, and may be of a statement.
    let cut = usize::from(!is_whole);
    let since_s = text.lines().skip(cut).find_map(|line| time_s(line, ahead_s));
    // A file may begin long after the server did: its log is rotated. What was written while it started is older than its start.
    let from_start = since_s.is_some_and(|since_s| since_s <= started_s);
    PostgresPlanErrors { times_s, timeless, since_s, from_start }
}

/// The first time in a line, as `2026-11-30 19:34:41` of a clock so far ahead of UTC, in seconds since 1970.
fn time_s(line: &str, ahead_s: i64) -> Option<u64> {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let fits = |part: &[u8]| {
        let mut pairs = part.iter().zip(FORM);
        pairs.all(|(is, form)| if *form == b'0' { is.is_ascii_digit() } else { is == form })
    };
    let part = line.as_bytes().windows(FORM.len()).find(|part| fits(part))?;
    let part = std::str::from_utf8(part).ok()?;
    let number = |from: usize, to: usize| part.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let days = (year >= 1970 && (1..=12).contains(&month)).then(|| day_of(year, month, day))?;
    let in_day = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    u64::try_from(days * 86_400 + in_day - ahead_s).ok()
}

#[cfg(test)]
mod tests;

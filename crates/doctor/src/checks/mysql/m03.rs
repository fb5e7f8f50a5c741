//! M03: a replica does not follow its source.
//!
//! Source: the reference of MySQL 8.4, 15.7.7.34 (`SHOW REPLICA STATUS`), which warns that the lag is 0 as well when nothing is
//! fetched; the knowledge base of MariaDB, `SHOW SLAVE STATUS`; for the lag the rule `MySQLReplicationLag` of
//! `mysqld_exporter`.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlChannel, Pair};

/// Behind by more seconds than this is a fault: the number of the rule of `mysqld_exporter`.
const BEHIND_SECONDS_MAX: u64 = 30;

pub(super) static CHECK: Check = Check {
    id: "M03",
    title: "a replica does not follow its source",
    severity: Severity::Critical,
    needs: "REPLICATION CLIENT (MySQL) or SLAVE MONITOR (MariaDB)",
    expected: "both threads of each channel run, and it is at most 30 s behind",
    guardrail: "alert on mysql_slave_status_slave_io_running == 0 or mysql_slave_status_slave_sql_running == 0 or mysql_slave_status_seconds_behind_master - mysql_slave_status_sql_delay > 30 (mysqld_exporter)",
    probes: &[
        "SHOW REPLICA STATUS (MySQL 8.0.22 and later), SHOW SLAVE STATUS before, SHOW ALL SLAVES STATUS (MariaDB)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Readers see old rows, and rows come and go with the server that they happen to ask. Nobody hears of it until the source is lost: what is promoted then lacks hours or days.",
        culprit: "A replica has two threads. One fetches what the source writes; where it cannot connect, may not log in, or asks for a log that is purged already, nothing new comes. The other applies it; at the first row that is not as it should be it stops, and stays so. Where both run and the lag grows, the source writes faster than one thread can apply, or a large transaction or a table without a primary key (M10) holds it up.",
        proof: "The state of each thread and the number of its last error. The lag that the server tells is 0 or NULL while nothing is fetched, so it counts only where both threads run, and only if it is above the limit at both looks; a delay that was asked for is taken off.",
        fix: "Fetching: look at Last_IO_Error. 2003 and 2005 are the network or the name, 1045 the password, 1236 a log that the source has purged: then the replica has to be made anew from a backup. Applying: look at Last_SQL_Error. 1062 and 1032 say that rows differ already: find out how, and make it anew, or mend the row by hand; whoever skips the event keeps the difference. If it was stopped on purpose: START REPLICA (START SLAVE). Lag: more threads that apply (replica_parallel_workers, slave_parallel_threads), and see M10.",
        cost: "START costs nothing, and STOP undoes it. To skip an event, or to have errors skipped, makes source and replica differ for ever without another word: that cannot be undone but by making the replica anew.",
        lab: "Two servers, one the replica of the other. One of its two threads fails, which is drawn: a row that is there already stops applying, or a source that is gone stops fetching; mended by taking the row away, or by having the source back. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let channels = pair.after()?.channels.seen()?;
    if channels.is_empty() {
        return Err(Blind::OutOfPlace("it is no replica".to_owned()));
    }
    let mut verdict = Verdict {
        observed: format!(
            "{} channels run, none is more than {BEHIND_SECONDS_MAX} s behind",
            channels.len()
        ),
        ..Verdict::default()
    };
    for channel in channels {
        if channel.io.is_empty() || channel.sql.is_empty() {
            let what = format!("state of the threads of {}", channel.source);
            verdict.unseen = Some(Blind::Absent(what));
            continue;
        }
        let stopped = stopped(channel);
        let is_stopped = !stopped.is_empty();
        verdict.faults.extend(stopped);
        if is_stopped {
            continue;
        }
        match late(pair, channel) {
            Ok(fault) => verdict.faults.extend(fault),
            Err(blind) => verdict.unseen = Some(blind),
        }
    }
    Ok(verdict)
}

/// Which threads do not run.
fn stopped(channel: &MysqlChannel) -> Vec<Fault> {
    let mut faults = Vec::new();
    let MysqlChannel { io, sql, io_error, sql_error, source, .. } = channel;
    // For moments it connects even where all is well, and has no error then.
    let is_connecting = io == "Connecting" && *io_error == 0;
    if io != "Yes" && !is_connecting {
        let observed = format!("nothing is fetched from {source}: {}", why(io, *io_error));
        faults.push(fault(channel, "fetch", observed, fetching(*io_error)));
    }
    if sql != "Yes" {
        let observed = format!("nothing is applied from {source}: {}", why(sql, *sql_error));
        faults.push(fault(channel, "apply", observed, applying(*sql_error)));
    }
    faults
}

fn why(state: &str, error: u64) -> String {
    match error {
        0 => format!("the thread is \"{state}\", without an error"),
        error => format!("the thread is \"{state}\" after error {error}"),
    }
}

/// What to do, by the last error of the thread that fetches.
fn fetching(error: u64) -> &'static str {
    match error {
        0 => {
            "if nobody stopped it on purpose: START REPLICA (MariaDB: START SLAVE); undo: STOP REPLICA"
        }
        1045 => {
            "the source does not let it in: check the account and its password, CHANGE REPLICATION SOURCE TO, START REPLICA (MariaDB: CHANGE MASTER TO, START SLAVE)"
        }
        1236 => {
            "the source has purged what the replica needs, or its log is broken: make the replica anew from a backup, and keep logs longer (M06)"
        }
        2003 | 2005 | 2013 => {
            "the source cannot be reached: check its name, port, firewall and whether it runs; the replica tries again by itself"
        }
        _ => "read Last_IO_Error, mend that, and START REPLICA (MariaDB: START SLAVE)",
    }
}

/// What to do, by the last error of the thread that applies.
fn applying(error: u64) -> &'static str {
    match error {
        0 => {
            "if nobody stopped it on purpose: START REPLICA (MariaDB: START SLAVE); undo: STOP REPLICA"
        }
        1032 | 1062 => {
            "its rows differ from those of the source already: find out who wrote to the replica (M04), mend the row that Last_SQL_Error names, START REPLICA, and compare all tables; else make it anew"
        }
        _ => "read Last_SQL_Error, mend that, and START REPLICA (MariaDB: START SLAVE)",
    }
}

/// Whether it is behind, at both looks, by more than it should be.
fn late(pair: &Pair<'_, Mysql>, channel: &MysqlChannel) -> Result<Option<Fault>, Blind> {
    let unknown =
        || Blind::Absent(format!("lag of {}: both threads run, and it tells none", channel.source));
    let after = behind(channel).ok_or_else(unknown)?;
    if after <= BEHIND_SECONDS_MAX {
        return Ok(None);
    }
    let before = pair.before()?.channels.seen()?;
    let before = before.iter().find(|it| it.name == channel.name).and_then(behind);
    let before = before.ok_or_else(unknown)?;
    if before <= BEHIND_SECONDS_MAX {
        return Ok(None);
    }
    let seconds = pair.window.seconds();
    let observed =
        format!("{after} s behind {}; {before} s before, {seconds:.1} s ago", channel.source);
    let fix = "see what it applies now (SHOW PROCESSLIST, \"system user\"): a large transaction, a table without a primary key (M10), or more than one thread can do (replica_parallel_workers; MariaDB: slave_parallel_threads)";
    let mut fault = fault(channel, "lag", observed, fix);
    fault.severity = Severity::Warning;
    fault.impact = format!(
        "readers of it see what was {after} s ago; if the source is lost, applying the rest takes time before it can take over"
    );
    Ok(Some(fault))
}

/// By how much more than it should be.
fn behind(channel: &MysqlChannel) -> Option<u64> {
    Some(channel.behind_seconds?.saturating_sub(channel.delay_seconds))
}

fn fault(channel: &MysqlChannel, aspect: &'static str, observed: String, fix: &str) -> Fault {
    let MysqlChannel { name, io, sql, io_error, sql_error, behind_seconds, .. } = channel;
    let lag = behind_seconds.map_or_else(|| "NULL".to_owned(), |it| it.to_string());
    Fault {
        severity: Severity::Critical,
        aspect: Some(aspect),
        at: (!name.is_empty()).then(|| format!("channel {name}")),
        observed,
        impact: "the replica falls behind for as long: readers of it see old rows, and if the source is lost now, what it has written since is lost".to_owned(),
        fix: fix.to_owned(),
        actions: Vec::new(),
        risk: "to skip an event keeps source and replica different, without another word".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW REPLICA STATUS, or as it is called in this version".to_owned(),
            value: format!(
                "IO_Running {io} (error {io_error}), SQL_Running {sql} (error {sql_error}), Seconds_Behind {lag}"
            ),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

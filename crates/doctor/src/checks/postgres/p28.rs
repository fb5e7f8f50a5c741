//! P28: statements fail as a table changed under their kept plan, or are about to.
//!
//! Source: `plancache.c` (the result of a prepared statement is fixed when it is prepared; "cached plan must not change result type", 0A000);
//! the documentation of PgBouncer, config (`max_prepared_statements`), and of the JDBC driver (`prepareThreshold` is 5 unless it is set).

use super::words::{counted, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresPlanErrors};

/// What is longer ago is over: connections that keep a plan from before a change are renewed within an hour by most poolers.
const RECENT_S: u64 = 60 * 60;

/// As the JDBC driver calls itself, if nobody calls it otherwise.
const JDBC: &str = "PostgreSQL JDBC Driver";

/// So many tables are named in a line.
const NAMED_MAX: usize = 3;

pub(super) static CHECK: Check = Check {
    id: "P28",
    title: "a table changed under prepared statements: \"cached plan must not change result type\"",
    severity: Severity::Warning,
    needs: "to read the log of the server on its machine (root, or the user of the server); pg_monitor",
    expected: "no prepared statement of the last hour failed as its table changed",
    guardrail: "no SELECT * in statements that are prepared; alert on SQLSTATE 0A000; new connections as a step of each migration",
    probes: &[
        "the last 4 MB of the log that the server writes: times of \"cached plan must not change result type\", nothing else",
        "pg_locks and pg_stat_activity: ALTER that waits for a table",
        "pg_attribute, pg_xact_commit_timestamp: tables whose columns changed within a day, if track_commit_timestamp is on",
        "SHOW CONFIG of PgBouncer: max_prepared_statements; SHOW SERVERS; pg_stat_activity: address, port and application name of sessions",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-cached-plan-alter-table"],
    page: Page {
        symptom: "During a deployment, right after a migration, a part of the requests fails with \"cached plan must not change result type\" (0A000), the same statement each time, until the program or the pooler is restarted. The statement in psql works.",
        culprit: "What columns a prepared statement gives is fixed when it is prepared. A column was added to, dropped from or changed in a table that it reads with SELECT *, or a column that it names has another type now: the server makes a new plan, sees that the result would be another one, and refuses. The connection keeps the statement, so it fails again with each call, on each connection that prepared it before the change.",
        proof: "Aspect errors: lines with this error in the log of the server, with a time within the last hour; nothing else of the log is kept. The log is found where the server writes it: the file of its collector, or its standard error if that is a file. It has to be in English, to tell the time (log_line_prefix with %m or %t, CSV or JSON), to hold errors (log_min_messages not above error) and to be a file (log_destination with stderr, csvlog or jsonlog). Where that file begins within the hour, as it was rotated, and later than the server was started, an earlier error may be in the one before: then a pass is not given. Aspect ahead, of low confidence: an ALTER waits for a table right now, or, with track_commit_timestamp, columns of a table changed within the hour, while connections keep statements: those of a PgBouncer with max_prepared_statements above 0 that are found among the sessions by address and port, or of the JDBC driver under its own name. Which tables those statements read cannot be seen: prepared statements of other sessions are in no view.",
        fix: "Renew the connections: RECONNECT in the console of PgBouncer, the soft eviction of the pool of the program, or its restart. In the program name the columns instead of SELECT *. JDBC: autosave=conservative, so that the driver prepares again. For the next migration: add columns first, roll out the program, renew the connections as a step of it.",
        cost: "RECONNECT closes each connection as it is given back: no transaction is lost, and each has to log in again. A restart of the program loses what it is doing.",
        lab: "A session that has prepared SELECT * of a table, and executes it a drawn number of times after another session added a column: all of them fail, as the session itself counts them; mended by preparing anew, an hour later.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let now_s = pair.window.after.at_ms / 1_000;
    let (errors, unseen) = match server.plan_errors.seen() {
        Ok(seen) => (recent(seen, now_s), unseen(seen, now_s)),
        Err(blind) => (Vec::new(), Some(blind)),
    };
    let mut faults: Vec<_> = failed(&errors, now_s).into_iter().collect();
    // What has come needs no warning.
    if faults.is_empty() {
        faults.extend(ahead(&changes(server), &keepers(pair, server)));
    }
    let observed = "no statement failed within the hour as its table changed".to_owned();
    Ok(Verdict { observed, faults, unseen })
}

/// When such errors were, of those within the hour.
fn recent(seen: &PostgresPlanErrors, now_s: u64) -> Vec<u64> {
    let is_recent = |at: &u64| now_s.saturating_sub(*at) <= RECENT_S;
    seen.times_s.iter().copied().filter(is_recent).collect()
}

/// Why none in the log does not mean that there was none.
fn unseen(seen: &PostgresPlanErrors, now_s: u64) -> Option<Blind> {
    if seen.timeless > 0 && seen.times_s.is_empty() {
        let errors = counted(seen.timeless, "such error", "such errors");
        return Some(Blind::Absent(format!(
            "time in its log, which has {errors}: log_line_prefix has neither %m nor %t"
        )));
    }
    if seen.from_start || !recent(seen, now_s).is_empty() {
        return None;
    }
    let Some(since_s) = seen.since_s else {
        let none = "time in its log: the file is empty, or log_line_prefix has neither %m nor %t";
        return Some(Blind::Absent(none.to_owned()));
    };
    let back_s = now_s.saturating_sub(since_s);
    (back_s < RECENT_S).then(|| {
        let back = span(back_s);
        Blind::Absent(format!(
            "hour in what is left of its log (at most 4 MB): it reaches back {back}"
        ))
    })
}

fn failed(errors: &[u64], now_s: u64) -> Option<Fault> {
    let (first, last) = (errors.iter().min()?, errors.iter().max()?);
    let count = counted(errors.len() as u64, "statement", "statements");
    let (since, until) = (now_s.saturating_sub(*first), now_s.saturating_sub(*last));
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("errors"),
        at: None,
        observed: format!(
            "{count} failed within the hour with \"cached plan must not change result type\", the last {} ago",
            span(until)
        ),
        impact: "each call of the same statement fails on each connection that prepared it before the table changed, until that is closed".to_owned(),
        fix: "renew the connections: RECONNECT in the console of PgBouncer, or restart the pool of the program; then name the columns instead of SELECT *".to_owned(),
        actions: Vec::new(),
        risk: "each connection has to log in again; a restart of the program loses what it is doing".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "log of the server".to_owned(),
            value: format!("{count}, from {} to {} ago", span(since), span(until)),
        }],
        confidence: Confidence::High,
    })
}

/// Changes of tables that wait or were made within the hour, in words.
fn changes(server: &Postgres) -> Vec<String> {
    let sessions = server.contenders.seen().map_or(&[][..], Vec::as_slice);
    let is_alter = |pid: u32| {
        let session = sessions.iter().find(|it| it.pid == pid);
        session.is_some_and(|it| it.verb.as_deref() == Some("ALTER"))
    };
    let waits = server.waits.seen().map_or(&[][..], Vec::as_slice).iter();
    let waits = waits.filter(|it| it.mode == "AccessExclusiveLock" && is_alter(it.pid));
    let waits = waits.map(|it| {
        let table = it.relation.as_deref().unwrap_or("a table of another database");
        format!("ALTER of {table} waits")
    });
    let altered = server.altered.seen().map_or(&[][..], Vec::as_slice).iter();
    let altered = altered.filter(|it| it.altered_s <= RECENT_S);
    waits
        .chain(altered.map(|it| format!("{} changed {} ago", it.name, span(it.altered_s))))
        .collect()
}

/// Who keeps prepared statements on connections to this server, in words.
fn keepers(pair: &Pair<'_, Postgres>, server: &Postgres) -> Vec<String> {
    let peers = server.peers.seen().map_or(&[][..], Vec::as_slice);
    let mut keepers = Vec::new();
    for pooler in pair.window.pairs(|it| &it.pgbouncer) {
        let Ok(seen) = pooler.after() else { continue };
        let most = seen.setting("max_prepared_statements").ok();
        let most = most.and_then(|it| it.parse::<u64>().ok()).filter(|most| *most > 0);
        let (Some(most), Ok(connections)) = (most, seen.servers.seen()) else { continue };
        let here = connections.iter().filter(|it| peers.iter().any(|peer| it.ends_at(peer)));
        let count = here.count();
        if count > 0 {
            let at = &pooler.server.at;
            let connections = counted(count as u64, "connection", "connections");
            keepers.push(format!(
                "{connections} of pgbouncer {at} with max_prepared_statements = {most}"
            ));
        }
    }
    let drivers = peers.iter().filter(|it| it.application.as_deref() == Some(JDBC)).count();
    if drivers > 0 {
        let connections = counted(drivers as u64, "connection", "connections");
        keepers.push(format!("{connections} of the JDBC driver"));
    }
    keepers
}

fn ahead(changes: &[String], keepers: &[String]) -> Option<Fault> {
    if changes.is_empty() || keepers.is_empty() {
        return None;
    }
    let named: Vec<_> = changes.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = if changes.len() > NAMED_MAX { " and others" } else { "" };
    let (what, who) = (format!("{}{more}", named.join(", ")), keepers.join(", "));
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("ahead"),
        at: None,
        observed: format!("{what}, and {who} may keep statements from before"),
        impact: "statements that read such a table with SELECT *, or a column of another type now, fail with 0A000 on connections that prepared them before".to_owned(),
        fix: "renew the connections once the change is made: RECONNECT in the console of PgBouncer, or restart the pool of the program".to_owned(),
        actions: Vec::new(),
        risk: "each connection has to log in again; a restart of the program loses what it is doing".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "pg_locks, pg_attribute".to_owned(), value: what },
            Evidence { probe: "SHOW SERVERS, pg_stat_activity".to_owned(), value: who },
        ],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;

//! M08: InnoDB may not throw away old versions of rows, as a transaction may still need them.
//!
//! Source: the reference of MySQL 8.4, 17.8.9 ("Purge Configuration"), which takes a million as the length that shows a problem, and
//! 17.3 ("InnoDB Multi-Versioning"). That a session may be idle in a transaction for 5 minutes is of the house: no program thinks for so
//! long between two statements of one.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlSession, MysqlTransaction, Pair};

/// More transactions whose old versions wait to be thrown away are a fault.
const HISTORY_MAX: u64 = 1_000_000;

/// A session that is in a transaction and has said nothing for longer, in seconds, is left behind.
const IDLE_SECONDS_MAX: u64 = 300;

pub(super) static CHECK: Check = Check {
    id: "M08",
    title: "a transaction that stays open keeps old versions of all rows",
    severity: Severity::Warning,
    needs: "PROCESS",
    expected: "the history of InnoDB is at most a million transactions long, and no session is idle in a transaction for 5 minutes",
    guardrail: "alert on mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len > 1000000; idle_transaction_timeout (MariaDB), or the time-out of the pool",
    probes: &[
        "SHOW GLOBAL STATUS: Innodb_history_list_length (MariaDB); INNODB_METRICS: trx_rseg_history_len (MySQL)",
        "information_schema.INNODB_TRX",
        "PROCESSLIST: account, host, command and time of each session",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Queries that were fast get slower by the hour, even those on few rows; undo files or ibdata1 grow and never shrink; replicas fall behind. After a restart all is well for a while.",
        culprit: "Every change leaves the version before it in the undo log, until no transaction may still see it. One transaction that began hours ago and stays open, a dump, a report, or a client that forgot to commit, keeps them all, of every table. Readers have to walk through all versions of a row to find theirs. Where no old transaction is there, purge is slower than writes.",
        proof: "The length of the history now, and the oldest transaction that is open. A session that sleeps for 5 minutes inside a transaction is told in any case: it keeps locks and versions, and nobody waits for its answer.",
        fix: "Find who began the oldest transaction (the evidence names its session), let it commit, or KILL the session. If a dump or a report has to run so long, run it on a replica. If there is none, give purge more threads (innodb_purge_threads) and look at the disk.",
        cost: "KILL rolls back what the transaction has changed, which may take as long as the changes took. Afterwards purge works for a while, and loads the disk. What undo files have grown they keep, unless innodb_undo_log_truncate is on.",
        lab: "A transaction that has read and stays open, while others change a row more than a million times; mended by its end. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let history = history(server);
    let transactions = server.transactions.seen();
    if let (Err(blind), Err(_)) = (&history, &transactions) {
        return Err(blind.clone());
    }
    let open = transactions.as_ref().map_or(&[][..], |all| all);
    let mut faults = Vec::new();
    if let Ok(length) = history
        && length > HISTORY_MAX
    {
        faults.push(long(server, length, open.first()));
    }
    let sessions = server.sessions.seen();
    let idle = open.iter().filter_map(|it| Some((it, asleep(server, it)?)));
    faults.extend(idle.map(|(transaction, session)| left_behind(transaction, session)));
    let oldest = open.first().map_or(0, |it| it.seconds);
    let told = history.as_ref().map_or_else(|_| "unknown".to_owned(), u64::to_string);
    Ok(Verdict {
        observed: format!("the history is {told} long, the oldest transaction is {oldest} s old"),
        faults,
        unseen: history.err().or(transactions.err()).or(sessions.err()),
    })
}

/// How many transactions have versions that wait to be thrown away.
fn history(server: &Mysql) -> Result<u64, Blind> {
    let told = server.status_number("innodb_history_list_length");
    if let Ok(Some(length)) = told {
        return Ok(length);
    }
    let metric = server.metrics.seen()?.get("trx_rseg_history_len").copied();
    metric.ok_or_else(|| Blind::Absent("length of the history in this version".to_owned()))
}

fn session<'s>(server: &'s Mysql, transaction: &MysqlTransaction) -> Option<&'s MysqlSession> {
    server.sessions.seen().ok()?.iter().find(|it| it.id == transaction.session)
}

/// The session of a transaction, if it has said nothing for too long.
fn asleep<'s>(server: &'s Mysql, transaction: &MysqlTransaction) -> Option<&'s MysqlSession> {
    let is_asleep = |it: &&MysqlSession| it.command == "Sleep" && it.seconds > IDLE_SECONDS_MAX;
    session(server, transaction).filter(is_asleep)
}

fn long(server: &Mysql, length: u64, oldest: Option<&MysqlTransaction>) -> Fault {
    let who = oldest.map(|it| {
        let whose = session(server, it).map_or_else(
            || "an account that was not seen".to_owned(),
            |session| {
                format!(
                    "\"{}\" from {}, which is at {}",
                    session.user, session.host, session.command
                )
            },
        );
        format!("session {} of {whose}, {} s old", it.session, it.seconds)
    });
    Fault {
        severity: Severity::Warning,
        aspect: Some("history"),
        at: None,
        observed: format!("{length} transactions wait to be purged"),
        impact: "every read walks through old versions of rows: all queries get slower, and undo grows on the disk and never shrinks by itself".to_owned(),
        fix: match (&who, oldest) {
            (Some(_), Some(it)) if it.session == 0 => "the oldest transaction is prepared and belongs to no session: XA RECOVER CONVERT XID; ask its coordinator, then XA COMMIT or XA ROLLBACK".to_owned(),
            (Some(who), Some(it)) => format!("the oldest transaction is that of {who}: let it commit, or KILL {}", it.session),
            _ if server.transactions.seen().is_err() => "which transaction is the oldest was not seen: GRANT PROCESS; SHOW ENGINE INNODB STATUS tells it".to_owned(),
            _ => "no transaction is open: purge is slower than writes; more innodb_purge_threads, and see whether the disk is slow".to_owned(),
        },
        actions: Vec::new(),
        risk: "KILL rolls back what the transaction has changed, which may take as long as the changes".to_owned(),
        reversible: false,
        evidence: [Evidence {
            probe: "Innodb_history_list_length, or INNODB_METRICS trx_rseg_history_len".to_owned(),
            value: length.to_string(),
        }]
        .into_iter()
        .chain(who.map(|value| Evidence { probe: "INNODB_TRX".to_owned(), value }))
        .collect(),
        confidence: Confidence::High,
    }
}

fn left_behind(transaction: &MysqlTransaction, session: &MysqlSession) -> Fault {
    let MysqlSession { id, user, host, seconds, .. } = session;
    let MysqlTransaction { rows_modified, seconds: age, .. } = transaction;
    Fault {
        severity: Severity::Warning,
        aspect: Some("idle"),
        at: Some(format!("session {id}")),
        observed: format!("session {id} of \"{user}\" from {host} has been idle in a transaction for {seconds} s"),
        impact: "it keeps its locks and the old versions of all rows, and holds up changes of tables (M16), until it ends".to_owned(),
        fix: format!("see what {user} on {host} does between two statements; KILL {id}"),
        actions: Vec::new(),
        risk: format!("KILL rolls back the {rows_modified} rows that it has changed"),
        reversible: false,
        evidence: vec![Evidence {
            probe: "INNODB_TRX; PROCESSLIST".to_owned(),
            value: format!("open for {age} s, {rows_modified} rows changed; asleep for {seconds} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

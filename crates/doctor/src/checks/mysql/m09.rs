//! M09: transactions wait for rows that others hold, or the server ends them because they wait for each other.
//!
//! Source: the reference of MySQL 8.4, 17.7.5 ("Deadlocks in InnoDB"), which calls them no danger unless they are frequent, and 17.14
//! (`innodb_lock_wait_timeout`, 50 s). What is frequent is of the house.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlTransaction, Pair};

/// One that waits for so many seconds waits for somebody who does not go on.
const WAIT_SECONDS_MIN: u64 = 10;

/// Fewer in a window say nothing.
const DEADLOCKS_MIN: u64 = 3;
/// So many in a minute are frequent.
const DEADLOCKS_A_MINUTE_MIN: f64 = 6.0;

const SECONDS_OF_MINUTE: f64 = 60.0;

pub(super) static CHECK: Check = Check {
    id: "M09",
    title: "transactions wait long for rows of others, or end in deadlocks again and again",
    severity: Severity::Warning,
    needs: "PROCESS",
    expected: "no transaction waits for a row for 10 s, and fewer than 6 deadlocks happen in a minute",
    guardrail: "alert on rate(mysql_global_status_innodb_deadlocks[5m]) > 0.1 and on mysql_global_status_innodb_row_lock_current_waits > 0 for a minute; innodb_print_all_deadlocks = ON, which writes each to the error log",
    probes: &[
        "information_schema.INNODB_TRX; INNODB_LOCK_WAITS (MySQL 8.0: performance_schema.data_lock_waits), only where one waits",
        "SHOW GLOBAL STATUS: Innodb_deadlocks (MariaDB); INNODB_METRICS: lock_deadlocks (MySQL)",
        "PROCESSLIST: account, host and command of each session",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "\"Lock wait timeout exceeded\" (1205) after 50 s, or \"Deadlock found when trying to get lock\" (1213) at once; requests that change something are slow or fail while those that read are fine.",
        culprit: "A transaction keeps each row that it has changed, or has read for change, to its end. Who wants the same row waits. If the one that holds it is idle, calls another service in between, or changes a million rows, the wait is long. Two that want rows of each other are a deadlock: the server ends the smaller one. Now and then that is normal; again and again it means that programs take the same rows in different orders, or that an UPDATE without an index takes rows that it does not want.",
        proof: "A transaction that has waited for 10 s now, and who holds what it waits for; and the deadlocks that were counted between the two looks, if they are at least 3 and at least 6 in a minute. Totals since the start are no fault.",
        fix: "A long wait: let the holder end, or KILL it; then see why it holds rows so long. Deadlocks: SHOW ENGINE INNODB STATUS shows the last one, with both statements; have programs take rows in one order (by primary key), keep transactions short, give the WHERE of the UPDATE an index, and have the program try again, which it has to be able to anyway.",
        cost: "KILL rolls back what the holder has changed. A retry costs what the transaction costs.",
        lab: "Two sessions that take the same two rows in different orders, a number of times that is drawn; mended by taking them in one order. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let transactions = server.transactions.seen();
    let counted = pair.growth("deadlocks", deadlocks);
    if let (Err(blind), Err(_)) = (&transactions, &counted) {
        return Err(blind.clone());
    }
    let seconds = pair.window.seconds();
    let waits = transactions.as_ref().map_or(&[][..], |all| all).iter();
    let long = waits.filter(|it| it.wait_seconds.is_some_and(|waits| waits >= WAIT_SECONDS_MIN));
    let mut faults: Vec<Fault> = long.map(|it| waiting(server, it)).collect();
    let number = counted.as_ref().copied().unwrap_or(0);
    let in_a_minute =
        f64::from(u32::try_from(number).unwrap_or(u32::MAX)) * SECONDS_OF_MINUTE / seconds;
    if number >= DEADLOCKS_MIN && in_a_minute >= DEADLOCKS_A_MINUTE_MIN {
        faults.push(frequent(number, seconds));
    }
    let observed = format!(
        "nobody waits for a row for {WAIT_SECONDS_MIN} s; {number} deadlocks in {seconds:.1} s"
    );
    Ok(Verdict { observed, faults, unseen: transactions.err().or(counted.err()) })
}

/// How many there were since the server was started.
fn deadlocks(server: &Mysql) -> Result<Option<u64>, Blind> {
    if let Ok(Some(number)) = server.status_number("innodb_deadlocks") {
        return Ok(Some(number));
    }
    Ok(server.metrics.seen()?.get("lock_deadlocks").copied())
}

fn waiting(server: &Mysql, transaction: &MysqlTransaction) -> Fault {
    let MysqlTransaction { session, wait_seconds, .. } = transaction;
    let waits = server
        .row_waits
        .seen()
        .ok()
        .and_then(|all| all.iter().find(|it| it.session == *session).map(|it| it.blocker))
        // A prepared transaction belongs to no session: there is nobody to end.
        .filter(|blocker| *blocker > 0);
    let of = |id: u64| server.sessions.seen().ok()?.iter().find(|it| it.id == id);
    let who = waits.map(|id| {
        let whose = of(id).map_or_else(String::new, |it| {
            format!(" of \"{}\" from {}, which is at {}", it.user, it.host, it.command)
        });
        format!("session {id}{whose}")
    });
    let waits_for = who.clone().unwrap_or_else(|| "one that was not seen".to_owned());
    let seconds = wait_seconds.unwrap_or(0);
    Fault {
        severity: Severity::Warning,
        aspect: Some("wait"),
        at: Some(format!("session {session}")),
        observed: format!("session {session} has waited for {seconds} s for a row that is held by {waits_for}"),
        impact: "it fails after innodb_lock_wait_timeout (50 s unless told otherwise), and so does everybody else who wants these rows".to_owned(),
        fix: waits.map_or_else(
            || "SHOW ENGINE INNODB STATUS says who holds it; let that end, or KILL it; one without a session is prepared: XA RECOVER".to_owned(),
            |id| format!("let {waits_for} end, or KILL {id}; then see why it keeps rows so long"),
        ),
        actions: Vec::new(),
        risk: "KILL rolls back what the holder has changed".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "INNODB_TRX; INNODB_LOCK_WAITS or data_lock_waits".to_owned(),
            value: format!("session {session}: LOCK WAIT for {seconds} s, for {waits_for}"),
        }],
        confidence: Confidence::High,
    }
}

fn frequent(number: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("deadlocks"),
        at: None,
        observed: format!("{number} deadlocks in {seconds:.1} s"),
        impact: "each ends a transaction with error 1213; where the program does not try again, what the user did is lost".to_owned(),
        fix: "SHOW ENGINE INNODB STATUS shows both statements of the last one; take rows in one order, give the WHERE of an UPDATE an index, and try again on 1213".to_owned(),
        actions: Vec::new(),
        risk: "none; SET GLOBAL innodb_print_all_deadlocks = ON (undo: OFF) writes each to the error log, statements with their values".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "Innodb_deadlocks, or INNODB_METRICS lock_deadlocks".to_owned(),
            value: format!("{number} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

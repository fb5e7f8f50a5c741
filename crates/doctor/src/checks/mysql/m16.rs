//! M16: a change of a table waits for somebody who uses it, and everybody else waits behind.
//!
//! Source: the reference of MySQL 8.4, 10.11.4 ("Metadata Locking") and 10.14.3 (states of sessions); `lock_wait_timeout` is a day in
//! MariaDB and a year in MySQL. The seconds are of the house.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlSession, Pair};

/// One that waits alone is a fault after so many seconds.
const ALONE_SECONDS_MIN: u64 = 10;

/// So many that wait, and did at the first look, are a queue at once.
const QUEUE_MIN: usize = 2;

pub(super) static CHECK: Check = Check {
    id: "M16",
    title: "a change of a table waits for one session, and all others wait behind it",
    severity: Severity::Critical,
    needs: "PROCESS",
    expected: "no two sessions wait for a metadata lock at both looks, and none for 10 s",
    guardrail: "SET SESSION lock_wait_timeout = 5 before each change of a table, and try again; alert on sessions in the state \"Waiting for table metadata lock\"",
    probes: &[
        "PROCESSLIST: state, command, time and first word of the statement of each session",
        "information_schema.INNODB_TRX: session and age of each transaction",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A migration hangs, and from that moment on every query of one table hangs as well, reads included; the pools fill up and the site is down. CPU and disk are idle.",
        culprit: "A statement takes a lock on the shape of each table that it uses, and a transaction keeps it to its end, even if it has only read. ALTER, DROP, TRUNCATE, RENAME, CREATE INDEX, LOCK TABLES and OPTIMIZE want it for themselves, and wait. Whoever comes after them waits behind them, though it would get on with the one that holds the lock. That one is often a session that did one SELECT in a transaction and went to sleep.",
        proof: "Sessions in the state \"Waiting for table metadata lock\", the same ones at both looks. The server does not say whom they wait for, without an instrument that is often off; named are the oldest transaction that does not wait itself, and that began before them.",
        fix: "At once: KILL the change of the table (the evidence names its session); all others go on. Then KILL, or wait for, the transaction that holds it up, and try the change again with SET SESSION lock_wait_timeout = 5, so that next time it gives up before it hurts.",
        cost: "The change has to be made again. One that waits at its beginning has changed nothing; an online one takes the lock once more at its end, and KILL there throws away hours of work: look for how long it has run, and end the transaction that holds it up instead. KILL of the transaction rolls back what it has changed.",
        lab: "A session that reads in a transaction and goes to sleep, one that alters the table, and others that read it; mended by the end of the transaction. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let before = pair.before().and_then(|it| it.sessions.seen());
    let sessions = server.sessions.seen()?;
    let waiting: Vec<_> = sessions.iter().filter(|it| waits(it)).collect();
    let long = waiting.iter().map(|it| it.seconds).max().unwrap_or(0);
    let still = before.as_ref().map_or(0, |before| {
        let also = |it: &&&MysqlSession| before.iter().any(|old| old.id == it.id && waits(old));
        waiting.iter().filter(also).count()
    });
    let observed =
        format!("{} sessions wait for a metadata lock, the longest for {long} s", waiting.len());
    let is_queue = waiting.len() >= QUEUE_MIN && still >= QUEUE_MIN;
    if !is_queue && long < ALONE_SECONDS_MIN {
        return Ok(Verdict { observed, faults: Vec::new(), unseen: before.err() });
    }
    let fault = fault(server, &waiting, observed.clone());
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

/// Of a table, a schema and so on.
fn waits(session: &MysqlSession) -> bool {
    session.state.starts_with("Waiting for") && session.state.ends_with("metadata lock")
}

/// Whether its statement changes the shape of a table.
fn changes(session: &MysqlSession) -> bool {
    let verbs = ["ALTER", "DROP", "TRUNCATE", "RENAME", "CREATE", "OPTIMIZE", "REPAIR", "LOCK"];
    session.verb.as_deref().is_some_and(|verb| verbs.contains(&verb))
}

fn fault(server: &Mysql, waiting: &[&MysqlSession], observed: String) -> Fault {
    let change = waiting.iter().filter(|it| changes(it)).max_by_key(|it| it.seconds);
    let since = change.map_or(0, |it| it.seconds);
    let holder = holder(server, waiting, since);
    let first = change.map(|it| {
        let verb = it.verb.as_deref().unwrap_or_default();
        format!("session {} of \"{}\" wants to {verb}", it.id, it.user)
    });
    let at_once = change
        .map_or_else(String::new, |it| format!("KILL {} lets all others go on; then ", it.id));
    let severity = if waiting.len() >= QUEUE_MIN { Severity::Critical } else { Severity::Warning };
    Fault {
        severity,
        aspect: None,
        at: None,
        observed,
        impact: "every new query of that table waits as well, reads included, until its clients run out of connections".to_owned(),
        fix: match &holder {
            Some((id, who)) => format!("{at_once}most likely it waits for {who}: let it end, or KILL {id}; try the change again with SET SESSION lock_wait_timeout = 5"),
            None => format!("{at_once}find who uses the table (SHOW PROCESSLIST), and try the change again with SET SESSION lock_wait_timeout = 5"),
        },
        actions: Vec::new(),
        risk: "KILL of a change that has only begun costs nothing; one that waits at its end, after hours, loses all its work: then end the transaction that holds it up, which is rolled back".to_owned(),
        reversible: false,
        evidence: waiting
            .iter()
            .take(3)
            .map(|it| format!("session {} of \"{}\": {}, {} s", it.id, it.user, it.verb.as_deref().unwrap_or("?"), it.seconds))
            .chain(first)
            .chain(holder.map(|(_, who)| format!("the oldest that does not wait is {who}")))
            .map(|value| Evidence { probe: "PROCESSLIST; INNODB_TRX".to_owned(), value })
            .collect(),
        confidence: Confidence::High,
    }
}

/// Whom they most likely wait for: the oldest transaction that began no later and does not wait itself.
fn holder(server: &Mysql, waiting: &[&MysqlSession], since: u64) -> Option<(u64, String)> {
    let transactions = server.transactions.seen().ok()?;
    let mut free = transactions.iter().filter(|it| {
        it.seconds >= since && it.session > 0 && waiting.iter().all(|waits| waits.id != it.session)
    });
    let oldest = free.next()?;
    let whose = server.sessions.seen().ok()?.iter().find(|it| it.id == oldest.session);
    let whose = whose.map_or_else(String::new, |it| {
        format!(" of \"{}\" from {} ({})", it.user, it.host, it.command)
    });
    let who =
        format!("session {}{whose}, in a transaction for {} s", oldest.session, oldest.seconds);
    Some((oldest.session, who))
}

#[cfg(test)]
mod tests;

//! P05: a transaction is open, and its client does nothing.
//!
//! Source: the documentation of PostgreSQL, 20.11.1 (`idle_in_transaction_session_timeout`) and 28.2.3 (`pg_stat_activity`). Five minutes are
//! ours: no request of a person takes as long. So are five seconds where others wait meanwhile.

use std::collections::BTreeMap;

use super::words::{counted, rough, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSession};

/// So long nobody leaves a transaction alone who knows of it.
const IDLE_S: u64 = 300;

/// So long others do not wait for one that does nothing.
const BLOCKS_S: u64 = 5;

/// More are not told one by one.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P05",
    title: "a transaction is left open by a client that does nothing",
    severity: Severity::Warning,
    needs: "pg_monitor",
    expected: "no session is idle in its transaction for 5 min, or for 5 s while others wait for it",
    guardrail: "ALTER ROLE of the application SET idle_in_transaction_session_timeout = '60s'",
    probes: &[
        "pg_stat_activity, of a statement its first word",
        "pg_locks that are not granted, and pg_blocking_pids() of those who wait",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-idle-in-transaction"],
    page: Page {
        symptom: "Some statements hang for no reason that a plan would show. Tables grow though they are vacuumed. Connections of the pool run out while the server is idle.",
        culprit: "A client began a transaction and then does something else: calls another service, waits for a person, or has lost its way in an error. What it changed stays locked, and no row that died since its snapshot can be removed, in any table.",
        proof: "Sessions whose state is idle in transaction (or the same, aborted) for five minutes; or for five seconds while others wait for a lock that they hold. The limit itself (idle_in_transaction_session_timeout) is 0 by default and no fault.",
        fix: "Find the place in the client by application_name and the last statement, and commit before anything slow. To be rid of the session now: SELECT pg_terminate_backend(PID). Then give the role of the application a limit, so that it ends by itself: ALTER ROLE ... SET idle_in_transaction_session_timeout = '60s' (undo: RESET), which holds for new sessions.",
        cost: "What the transaction had changed is rolled back, and its client sees a broken connection: let it know how to try again. A limit for all would end pg_dump and others that pause, so set it for roles.",
        lab: "A session that updates a row and then does nothing, and another that waits for that row; mended by ending the first.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let sessions = server.sessions.seen()?;
    let hidden = server.connections.seen()?.hidden;
    let waits = server.waits.seen();
    let mut waiting: BTreeMap<u32, u64> = BTreeMap::new();
    for pid in waits.iter().flat_map(|waits| waits.iter()).flat_map(|wait| &wait.blockers) {
        *waiting.entry(*pid).or_default() += 1;
    }
    let idle: Vec<_> = sessions.iter().filter(|it| is_idle(it)).collect();
    let longest = idle.iter().filter_map(|it| it.state_s).max().unwrap_or(0);
    let bad = idle.iter().filter_map(|session| {
        let (idle_s, others) = (session.state_s?, waiting.get(&session.pid).copied().unwrap_or(0));
        let is_bad = idle_s >= IDLE_S || (idle_s >= BLOCKS_S && others > 0);
        is_bad.then(|| fault(session, idle_s, others))
    });
    let mut faults: Vec<Fault> = bad.collect();
    let more = faults.len().saturating_sub(TOLD);
    faults.truncate(TOLD);
    if let (Some(last), 1..) = (faults.last_mut(), more) {
        last.observed = format!("{}; and {more} more sessions like this", last.observed);
    }
    let observed = format!(
        "{} in a transaction, none for longer than {}",
        counted(idle.len() as u64, "session is idle", "sessions are idle"),
        span(longest)
    );
    let unseen = (hidden > 0).then(|| {
        Blind::Denied(format!(
            "to see what {} do: GRANT pg_monitor to the role",
            counted(hidden, "other session", "other sessions")
        ))
    });
    Ok(Verdict { observed, faults, unseen: unseen.or_else(|| waits.err()) })
}

fn is_idle(session: &PostgresSession) -> bool {
    session.state.as_ref().is_some_and(|state| state.starts_with("idle in transaction"))
}

fn fault(session: &PostgresSession, idle_s: u64, others: u64) -> Fault {
    let name = session.name();
    let holds = session.xmin_age.max(session.xid_age);
    let behind = if others > 0 {
        format!(", {} for it", counted(others, "session waits", "sessions wait"))
    } else {
        String::new()
    };
    let holds = holds
        .map_or_else(String::new, |age| format!(", holds what {} transactions left", rough(age)));
    let PostgresSession { pid, application, address, database, verb, transaction_s, .. } = session;
    let client =
        application.as_deref().or(address.as_deref()).unwrap_or("the client without a name");
    let told = [
        ("application", application),
        ("address", address),
        ("database", database),
        ("last", verb),
    ];
    let told = told.into_iter().filter_map(|(what, it)| Some(format!("{what}={}", it.as_ref()?)));
    let open = transaction_s.map(|open| format!("open_s={open}"));
    Fault {
        severity: Severity::Warning,
        aspect: (others > 0).then_some("blocks"),
        at: Some(format!("pid {pid}")),
        observed: format!("{name} idle in transaction {}{behind}{holds}", span(idle_s)),
        impact:
            "what it locked stays locked, and no row that died since can be removed from any table"
                .to_owned(),
        fix: format!("have {client} commit; now: SELECT pg_terminate_backend({pid});"),
        actions: Vec::new(),
        risk: "its transaction is rolled back, and its client sees a broken connection".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_stat_activity pid {pid}"),
            value: [format!("idle_s={idle_s}")]
                .into_iter()
                .chain(open)
                .chain(told)
                .collect::<Vec<_>>()
                .join(" "),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

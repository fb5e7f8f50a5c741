//! P07: statements queue behind a lock.
//!
//! Source: the documentation of PostgreSQL, 13.3 (what conflicts with what) and 9.27 (`pg_blocking_pids`: a lock that is only waited for
//! blocks as well). Thirty seconds are more than a request waits; five are ours for a change of a table that stops all others.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{counted, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSession, PostgresWait};

/// So long a lock is not waited for.
const WAIT_S: u64 = 30;

/// So long a change of a table does not wait while others queue behind it.
const CHANGE_S: u64 = 5;

/// The strongest: `ALTER TABLE`, `DROP`, `TRUNCATE`, `VACUUM FULL`, `LOCK TABLE` ask for it.
const STRONGEST: &str = "AccessExclusiveLock";

/// Prepared transactions block with this process.
const PREPARED: u32 = 0;

/// More are not told one by one.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P07",
    title: "statements queue behind a lock that is held",
    severity: Severity::Critical,
    needs: "pg_monitor",
    expected: "no lock is waited for 30 s, and no change of a table for 5 s with others behind it",
    guardrail: "SET lock_timeout = '2s' before each ALTER, and try again; log_lock_waits = on",
    probes: &[
        "pg_locks that are not granted, and pg_blocking_pids() of those who wait, at most 50",
        "pg_stat_activity of these, of a statement its first word",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Requests over one table hang, then the pool is empty and everything hangs, while the server does almost nothing.",
        culprit: "Somebody holds a lock for long: a long transaction, one that is idle, a batch. Worst is a change of a table, as ALTER TABLE is, that waits for one long reader: every later statement over that table, reads too, queues behind the change, though the reader would not be in their way.",
        proof: "Locks that are not granted, and who holds each up, followed to the first in the chain. It fails from 30 s of waiting on; a wait for AccessExclusiveLock from 5 s on if others queue behind it, which is critical. From 14 on the server tells since when a lock is waited for; before, the time of the statement stands for it, which is a guess.",
        fix: "Of a change that waits: end the change, and all others go on: SELECT pg_cancel_backend(PID of the change). Try it again with SET lock_timeout = '2s'. Else end the first of the chain: SELECT pg_cancel_backend(PID), or pg_terminate_backend(PID) if it is idle in its transaction. A prepared transaction has to be ended by its coordinator.",
        cost: "What is ended rolls back; of a large change that may take as long as it has run.",
        lab: "A session that reads a table in a transaction, another that wants to ALTER it, and a drawn number of readers that queue behind; mended by ending the change.",
    },
    rule: Rule::Postgres(rule),
};

/// A first of a chain, and those who wait for it.
#[derive(Default)]
struct Chain<'a> {
    waiting: BTreeSet<u32>,
    /// The one that waits longest, and for how long.
    longest: Option<(&'a PostgresWait, u64)>,
}

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let waits = server.waits.seen()?;
    let sessions = server.contenders.seen()?;
    let is_exact = server.version()? >= 140_000;
    let by_pid: BTreeMap<u32, &PostgresWait> = waits.iter().map(|it| (it.pid, it)).collect();
    let session = |pid: u32| sessions.iter().find(|it| it.pid == pid);
    let waited = |it: &PostgresWait| it.waited_s.or_else(|| session(it.pid)?.statement_s);
    let mut chains: BTreeMap<u32, Chain<'_>> = BTreeMap::new();
    let mut faults = Vec::new();
    let mut unknown = 0_u64;
    for wait in waits {
        let Some(waited_s) = waited(wait) else {
            unknown += 1;
            continue;
        };
        let behind = waits.iter().filter(|it| it.blockers.contains(&wait.pid)).count() as u64;
        if wait.mode == STRONGEST
            && wait.locktype == "relation"
            && behind > 0
            && waited_s >= CHANGE_S
        {
            faults.push(change(wait, session(wait.pid), waited_s, behind, is_exact));
        }
        for first in firsts(wait.pid, &by_pid) {
            let chain = chains.entry(first).or_default();
            chain.waiting.insert(wait.pid);
            if chain.longest.is_none_or(|(_, longest)| waited_s > longest) {
                chain.longest = Some((wait, waited_s));
            }
        }
    }
    let long = chains.iter().filter_map(|(pid, chain)| {
        let (wait, waited_s) = chain.longest.filter(|(_, waited_s)| *waited_s >= WAIT_S)?;
        Some(held(*pid, session(*pid), chain.waiting.len() as u64, wait, waited_s, is_exact))
    });
    faults.extend(long);
    faults.truncate(TOLD);
    let longest = waits.iter().filter_map(waited).max().unwrap_or(0);
    let observed = format!(
        "{}, the longest for {}",
        counted(waits.len() as u64, "lock is waited for", "locks are waited for"),
        span(longest)
    );
    let needs = || {
        Blind::Denied(format!(
            "to see for how long {}: GRANT pg_monitor to the role",
            counted(unknown, "session waits", "sessions wait")
        ))
    };
    Ok(Verdict { observed, faults, unseen: (unknown > 0).then(needs) })
}

/// Those at the head of what a process waits for: they wait for nobody.
fn firsts(pid: u32, waits: &BTreeMap<u32, &PostgresWait>) -> BTreeSet<u32> {
    let (mut firsts, mut seen, mut open) = (BTreeSet::new(), BTreeSet::from([pid]), vec![pid]);
    while let Some(next) = open.pop() {
        match waits.get(&next) {
            Some(wait) => open.extend(wait.blockers.iter().filter(|it| seen.insert(**it))),
            None => {
                firsts.insert(next);
            }
        }
    }
    firsts
}

/// What is waited for.
fn table(wait: &PostgresWait) -> String {
    match (wait.locktype.as_str(), &wait.relation) {
        ("transactionid" | "tuple", Some(relation)) => format!("a row of {relation}"),
        ("transactionid" | "tuple", None) => "a row".to_owned(),
        (_, Some(relation)) => relation.clone(),
        (kind, None) => format!("a lock ({kind})"),
    }
}

/// A change of a table that waits, and stops those behind it.
fn change(
    wait: &PostgresWait,
    session: Option<&PostgresSession>,
    waited_s: u64,
    behind: u64,
    is_exact: bool,
) -> Fault {
    let name = session.map_or_else(|| format!("pid {}", wait.pid), PostgresSession::name);
    let verb = session.and_then(|it| it.verb.clone()).unwrap_or_else(|| "a change".to_owned());
    let table = table(wait);
    Fault {
        severity: Severity::Critical,
        aspect: Some("change"),
        observed: format!(
            "{verb} of {name} waits {} for {table}, {} behind it",
            span(waited_s),
            counted(behind, "session waits", "sessions wait")
        ),
        impact: format!(
            "every new statement over {table} hangs, reads too, until the change has its lock or is ended"
        ),
        fix: format!(
            "SELECT pg_cancel_backend({}); and try it again with SET lock_timeout = '2s';",
            wait.pid
        ),
        actions: Vec::new(),
        risk: "the change is not made; it has to be tried again".to_owned(),
        ..fault(wait, is_exact)
    }
}

/// The first of a chain.
fn held(
    pid: u32,
    session: Option<&PostgresSession>,
    waiting: u64,
    wait: &PostgresWait,
    waited_s: u64,
    is_exact: bool,
) -> Fault {
    let name = match session {
        _ if pid == PREPARED => "a prepared transaction".to_owned(),
        Some(session) => {
            let state =
                session.state.as_ref().map(|state| format!(", {state},")).unwrap_or_default();
            format!("{}{state}", session.name())
        }
        None => format!("pid {pid}"),
    };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        observed: format!(
            "{name} holds up {}, the longest for {} at {}",
            counted(waiting, "session", "sessions"),
            span(waited_s),
            table(wait)
        ),
        impact: "what waits holds a connection each: when those are used up, nothing works"
            .to_owned(),
        fix: end(pid, session),
        actions: Vec::new(),
        risk: "what it changed is rolled back, and its client sees an error".to_owned(),
        at: Some(if pid == PREPARED {
            "prepared transaction".to_owned()
        } else {
            format!("pid {pid}")
        }),
        ..fault(wait, is_exact)
    }
}

/// How it lets go.
fn end(pid: u32, session: Option<&PostgresSession>) -> String {
    let verb = session.and_then(|it| it.verb.as_deref()).unwrap_or_default();
    let state = session.and_then(|it| it.state.as_deref()).unwrap_or_default();
    if pid == PREPARED {
        return "SELECT gid, database FROM pg_prepared_xacts ORDER BY prepared; and ask its coordinator".to_owned();
    }
    if verb == "autovacuum to prevent wraparound" {
        return "let it end, as it has to be done and would begin again; cancel what waits for it, and try that later".to_owned();
    }
    let call = if state.starts_with("idle") { "pg_terminate_backend" } else { "pg_cancel_backend" };
    format!("SELECT {call}({pid});")
}

fn fault(wait: &PostgresWait, is_exact: bool) -> Fault {
    let PostgresWait { pid, locktype, mode, blockers, .. } = wait;
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("pid {pid}")),
        observed: String::new(),
        impact: String::new(),
        fix: String::new(),
        actions: Vec::new(),
        risk: String::new(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_locks pid {pid}"),
            value: format!("{locktype} {mode} of {}, pg_blocking_pids={blockers:?}", table(wait)),
        }],
        confidence: if is_exact { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;

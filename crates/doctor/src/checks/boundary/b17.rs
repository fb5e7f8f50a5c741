//! B17: requests wait for a connection of their pool, and the database has next to nothing to do.
//!
//! Source: the documentation of PostgreSQL, 28.2.3 (`pg_stat_activity.state`). That a fifth is little is ours: a pool whose requests
//! wait for the database has nearly all of its connections busy.

use super::facts::{number, said};
use super::pool;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresConnections, Window};

const FACT: &str = "pool-waiting";

/// Percent of the connections of clients of which fewer are active in both looks.
const ACTIVE: u64 = 20;

/// Of fewer connections no share is told.
const CLIENTS_MIN: u64 = 5;

pub(super) static CHECK: Check = Check {
    id: "B17",
    title: "requests wait for their pool while the database idles",
    severity: Severity::Warning,
    needs: "fact: pool-waiting; pg_monitor; pool-server where there are several servers",
    expected: "where requests wait for a connection of the pool, at least 20 % of the connections are busy",
    guardrail: "alert on requests that wait for the pool (hikaricp_connections_pending, or the like); a time-out of leaks that logs who took a connection and did not give it back",
    probes: &[
        "--fact pool-waiting=NUMBER, as the application's own metric has it now",
        "pg_stat_activity, counted by state, in both looks",
    ],
    proof: Proof::Lab,
    catalogue: &["db-pool-exhaustion-leaks"],
    page: Page {
        symptom: "The application hangs or logs that it got no connection in time; the database looks well: no load, no slow statement, no lock. Its people say that it is not the database, and they are right.",
        culprit: "Connections are taken from the pool and not used: they were not given back (a leak), or a transaction is held open while the application calls another service, or a thread takes a second one while it holds a first and all wait for each other.",
        proof: "That requests wait is given as a fact, from the metric of the pool; what the connections do is seen: fails if in both looks less than a fifth of the clients' connections run a statement. Of fewer than 5 connections no share is told: then the pool may just be small. If it holds many idle in a transaction, that is told as well.",
        fix: "Find in the application who keeps connections: the log of leaks (leakDetectionThreshold of HikariCP, or the like), or the stacks of the threads that hold one. Give it back before another service is called, and never take a second while holding one. A larger pool only makes it last longer.",
        cost: "A restart of the application frees what leaked, and it leaks again.",
        lab: "A server with a drawn number of idle sessions, and the fact that requests wait; mended as most of them run a statement.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let Some(waiting) = number(window, FACT)? else {
        return Err(Blind::OutOfPlace(format!("nobody said --fact {FACT}=...")));
    };
    let named = pool::server(window)?;
    let pairs = window.pairs(|it| &it.postgres);
    let Some(pair) = pairs.iter().find(|it| pool::is_meant(named, &it.server.at)) else {
        return Err(Blind::OutOfPlace("the pool is of no postgres".to_owned()));
    };
    let (then, now) = (pair.before()?.connections.seen()?, pair.after()?.connections.seen()?);
    if then.hidden.max(now.hidden) > 0 {
        let hidden = then.hidden.max(now.hidden);
        let needs =
            format!("to see what {hidden} other connections do: GRANT pg_monitor to the role");
        return Err(Blind::Denied(needs));
    }
    let is_wrong = waiting > 0 && is_idle(then) && is_idle(now);
    Ok(Verdict {
        observed: format!(
            "{waiting} requests wait for the pool, and {} of {} connections are active",
            now.active, now.clients
        ),
        faults: is_wrong.then(|| fault(pair, waiting, (then, now))).into_iter().collect(),
        unseen: None,
    })
}

const fn is_idle(connections: &PostgresConnections) -> bool {
    connections.clients >= CLIENTS_MIN && connections.active * 100 < connections.clients * ACTIVE
}

fn fault(
    pair: &Pair<'_, Postgres>,
    waiting: u64,
    (then, now): (&PostgresConnections, &PostgresConnections),
) -> Fault {
    let PostgresConnections { clients, active, idle, idle_in_transaction: held, .. } = now;
    let found = if held * 2 >= *clients {
        "they are held open in transactions while the application does something else"
    } else {
        "they leak, or are held while the application does something else"
    };
    let counts = |it: &PostgresConnections| {
        format!(
            "{} of {} active, {} idle, {} idle in transaction",
            it.active, it.clients, it.idle, it.idle_in_transaction
        )
    };
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("postgres {}", pair.server.at)),
        observed: format!("{waiting} requests wait for a connection of the pool, and of {clients} connections {active} are active, {idle} idle, {held} idle in a transaction"),
        impact: format!("requests wait and fail while the database could serve them: {found}"),
        fix: "find in the application who keeps connections without using them (log of leaks, stacks of the threads), and give them back before anything else is waited for".to_owned(),
        actions: Vec::new(),
        risk: "none in looking; a restart of the application frees what leaked, until it leaks again".to_owned(),
        reversible: true,
        evidence: vec![
            said(FACT, waiting),
            Evidence { probe: "pg_stat_activity, first look".to_owned(), value: counts(then) },
            Evidence { probe: "pg_stat_activity, second look".to_owned(), value: counts(now) },
        ],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;

//! X04: clients wait until the pooler has a connection for them.
//!
//! Source: the documentation of PgBouncer, usage (`SHOW POOLS`: `cl_waiting`, `maxwait`) and config (`query_wait_timeout`, 120 s unless it
//! is set).

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Pgbouncer, PgbouncerDatabase, PgbouncerPool};

/// Who waits for less comes in turn as it should be.
const WAIT_MS: u64 = 1_000;

pub(super) static CHECK: Check = Check {
    id: "X04",
    title: "clients wait until the pooler has a connection for them",
    severity: Severity::Critical,
    needs: "a user of stats_users or admin_users of PgBouncer",
    expected: "no client waits for a connection for more than 1 s",
    guardrail: "idle_transaction_timeout, and alert on pgbouncer_pools_client_maxwait_seconds > 1 (pgbouncer_exporter)",
    probes: &["SHOW POOLS", "SHOW DATABASES", "SHOW CONFIG: query_wait_timeout"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Requests take seconds or end with \"query_wait_timeout\", while the database has little to do and none of its statements is slow.",
        culprit: "A pool has so many connections to the server, and each is taken: by long transactions, by sessions that are idle within one, or in session mode by clients that are just connected. Who comes then waits inside the pooler, which the database knows nothing of. The same looks the same if somebody told the pooler to PAUSE, or if it cannot reach the server.",
        proof: "cl_waiting of a pool is above 0, and the first of those clients has waited for more than 1 s. It is critical once that is half of query_wait_timeout, as clients are thrown out then. How many connections the pool has and may have, and whether it is paused, tells the reasons apart.",
        fix: "Find who has the connections: in pg_stat_activity of the server, those longest in a transaction; end or mend them. Where all of them are busy with short ones, a larger pool_size (and RELOAD), as long as all pools together stay below max_connections of the server. RESUME if it is paused; the log of the pooler if it has no connection at all.",
        cost: "A session that is ended loses its transaction. More connections take memory of the server, and above a few for each of its processors they make nothing faster. RELOAD drops nobody; undone by the former size.",
        lab: "A pool of one connection, which a transaction holds, and some clients that want it; mended by ending the transaction.",
    },
    rule: Rule::Pgbouncer(rule),
};

fn rule(pair: &Pair<'_, Pgbouncer>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    let mut unseen = None;
    let pools = server.pools.seen()?;
    for pool in pools {
        let (Some(waiting), Some(wait_ms)) = (pool.clients_waiting, pool.longest_wait_ms) else {
            unseen = Some(Blind::Absent("cl_waiting or maxwait in SHOW POOLS".to_owned()));
            continue;
        };
        if waiting > 0 && wait_ms > WAIT_MS {
            faults.push(waits(server, pool, waiting, wait_ms));
        }
    }
    let pools = pools.len();
    let observed = format!("in none of {pools} pools a client waits for more than 1 s");
    Ok(Verdict { observed, faults, unseen })
}

/// Why clients of a pool wait, as far as can be seen: in words, and what to do.
fn reason(pool: &PgbouncerPool, database: Option<&PgbouncerDatabase>) -> (String, String) {
    let name = &pool.database;
    if database.and_then(|it| it.paused) == Some(true) {
        let fix = format!("RESUME {name}; in the console, if whoever said PAUSE is done");
        return ("the database is paused".to_owned(), fix);
    }
    let made = [pool.servers_active, pool.servers_idle, pool.servers_login];
    let made: Option<u64> = made.into_iter().sum();
    let size = database.and_then(|it| it.pool_size).map(|size| format!(" of {size}"));
    let size = size.unwrap_or_default();
    match (made, pool.servers_active) {
        (Some(0), _) => (
            "there is no connection to the server".to_owned(),
            "look into the log of the pooler: why it cannot connect or log in".to_owned(),
        ),
        (_, Some(active)) => (
            format!("{active}{size} connections are taken"),
            "on the server: SELECT pid, state, now() - xact_start FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start; end what hangs; else a larger pool_size and RELOAD (undo: the former size)".to_owned(),
        ),
        _ => ("why is not told".to_owned(), "SHOW SERVERS and the log of the pooler".to_owned()),
    }
}

fn waits(server: &Pgbouncer, pool: &PgbouncerPool, waiting: u64, wait_ms: u64) -> Fault {
    let databases = server.databases.seen().ok();
    let database = databases.and_then(|all| all.iter().find(|it| it.name == pool.database));
    let (reason, fix) = reason(pool, database);
    let timeout_s = server.setting("query_wait_timeout").ok().and_then(|it| it.parse().ok());
    let timeout_s: Option<u64> = timeout_s.filter(|seconds| *seconds > 0);
    let is_near = timeout_s.is_some_and(|seconds| wait_ms >= seconds.saturating_mul(500));
    let impact = timeout_s.map_or_else(
        || "each request takes as much longer".to_owned(),
        |seconds| {
            format!("each request takes as much longer; who waits for {seconds} s is thrown out")
        },
    );
    let told = |it: Option<u64>| it.map_or_else(|| "not told".to_owned(), |it| it.to_string());
    Fault {
        severity: if is_near { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(format!("{}/{}", pool.database, pool.user)),
        observed: format!(
            "{waiting} clients wait for a connection, the first for {}.{} s: {reason}",
            wait_ms / 1_000,
            wait_ms % 1_000 / 100
        ),
        impact,
        fix,
        actions: Vec::new(),
        risk: "a session that is ended loses its transaction; more connections take memory of the server".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW POOLS".to_owned(),
            value: format!(
                "cl_active={} cl_waiting={waiting} sv_active={} sv_login={} maxwait={wait_ms} ms pool_mode={}",
                told(pool.clients_active),
                told(pool.servers_active),
                told(pool.servers_login),
                pool.mode.as_deref().unwrap_or("not told")
            ),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

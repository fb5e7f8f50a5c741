//! M07: the server lets nobody in any more, or soon will not; or it has shut out this host.
//!
//! Source: the reference of MySQL 8.4, 7.1.12.1 (`max_connections`, and one more for who may administer), B.3.2.5 ("Too many
//! connections") and 7.1.8 (`max_connect_errors`), errors 1040 and 1129. That 85 % is a warning is of the house: what is left
//! has to hold a deployment, in which old and new clients are connected at once.

use std::collections::BTreeMap;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair, Refusal};

/// Above this share of `max_connections`, in percent, it is a warning.
const USED_PERCENT_MAX: u64 = 85;

/// `ER_CON_COUNT_ERROR`.
const FULL: &str = "1040";
/// `ER_HOST_IS_BLOCKED`.
const BLOCKED: &str = "1129";

pub(super) static CHECK: Check = Check {
    id: "M07",
    title: "the server lets nobody in any more, or soon will not",
    severity: Severity::Critical,
    needs: "nothing; PROCESS, to say whose the connections are",
    expected: "at most 85 % of max_connections are used, and nobody is refused",
    guardrail: "alert on mysql_global_status_threads_connected / mysql_global_variables_max_connections > 0.85 or rate(mysql_global_status_connection_errors_total{error=\"max_connections\"}[5m]) > 0 (mysqld_exporter)",
    probes: &[
        "what the server says instead of letting the doctor in",
        "SHOW GLOBAL STATUS: Threads_connected, Connection_errors_max_connections",
        "SHOW GLOBAL VARIABLES: max_connections, max_connect_errors",
        "PROCESSLIST: account, host and command of each session",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "\"Too many connections\" (1040), for some clients now and then and then for all; even the person who wants to look is refused. Or one host alone gets \"is blocked because of many connection errors\" (1129), while others work.",
        culprit: "Each client that is connected takes one of max_connections, whether it does anything or not. Pools of all processes together are larger than that, or sessions are leaked, or something holds up all statements, so that clients open more. A host is blocked when more than max_connect_errors of its attempts in a row were broken off: health checks of a balancer that connect and hang up do that.",
        proof: "A refusal of the doctor itself is the proof. Else the connections that are open, without that of the doctor, against max_connections, and the refusals that were counted between the two looks; Max_used_connections is a total and proves nothing.",
        fix: "Find whose they are (the evidence names the accounts with most) and whether they sleep: then make those pools smaller, or close what is idle sooner. To get in: one more connection is kept for who may administer (SUPER; CONNECTION ADMIN in MariaDB, CONNECTION_ADMIN in MySQL), and KILL of sleeping sessions makes room. SET GLOBAL max_connections takes effect at once, where memory and the limit of descriptors allow. For a blocked host: stop what hangs up, then mariadb-admin flush-hosts (MySQL: TRUNCATE TABLE performance_schema.host_cache), or a greater max_connect_errors.",
        cost: "Each connection that works takes memory, some MiB for buffers of sorts and joins: more of them may end in the OOM killer instead. KILL rolls back what that session had begun. Undone by setting the old value again.",
        lab: "A server that lets in a few, and as many clients: up to the limit, and then one below it; mended by their leaving. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    if let Some(refusal) = &pair.server.refused
        && let Some(fault) = refused(refusal)
    {
        return Ok(Verdict { faults: vec![fault], ..Verdict::default() });
    }
    let server = pair.after()?;
    let limit = server.number_of(&["max_connections"])?;
    let connected = server.status_number("threads_connected")?;
    let connected =
        connected.ok_or_else(|| Blind::Absent("counter Threads_connected".to_owned()))?;
    // One of them is the doctor.
    let used = connected.saturating_sub(1);
    let turned_away = pair.status_growth("connection_errors_max_connections");
    let observed = format!("{used} of {limit} connections are used");
    let mut faults = Vec::new();
    if let Ok(count @ 1..) = turned_away {
        let seconds = pair.window.seconds();
        let observed = format!("{count} clients were refused in {seconds:.1} s: {observed}");
        faults.push(crowded(server, Severity::Critical, observed, "clients are refused now"));
    } else if u128::from(used) * 100 > u128::from(limit) * u128::from(USED_PERCENT_MAX) {
        let impact = "when all are used, every new client is refused (1040), the one who wants to look as well";
        faults.push(crowded(server, Severity::Warning, observed.clone(), impact));
    }
    Ok(Verdict { observed, faults, unseen: turned_away.err() })
}

/// What it means that the doctor itself was refused, if it is one of these.
fn refused(Refusal { code, message }: &Refusal) -> Option<Fault> {
    let (aspect, observed, impact, fix, risk) = match code.as_str() {
        FULL => (
            "connections",
            "it refuses the doctor: all connections are used",
            "every new client is refused now",
            "as an account that may administer: SELECT user, COUNT(*) FROM information_schema.processlist GROUP BY user, KILL what sleeps, and SET GLOBAL max_connections to a greater number",
            "KILL rolls back what that session had begun; each connection takes memory",
        ),
        BLOCKED => (
            "blocked",
            "it has shut out this host: too many attempts of it were broken off",
            "every client on this host is refused, until somebody lets the host in again",
            "find what connects and hangs up (a health check of a balancer), then mariadb-admin flush-hosts (MySQL: TRUNCATE TABLE performance_schema.host_cache)",
            "without the cause mended it happens again; all hosts are looked up anew",
        ),
        _ => return None,
    };
    Some(Fault {
        severity: Severity::Critical,
        aspect: Some(aspect),
        at: None,
        observed: observed.to_owned(),
        impact: impact.to_owned(),
        fix: fix.to_owned(),
        actions: Vec::new(),
        risk: risk.to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "its answer to a connection".to_owned(),
            value: format!("{code}: {message}"),
        }],
        confidence: Confidence::High,
    })
}

fn crowded(server: &Mysql, severity: Severity, observed: String, impact: &str) -> Fault {
    let whose = most(server);
    Fault {
        severity,
        aspect: Some("connections"),
        at: None,
        fix: match &whose {
            Some(whose) => format!("see whose they are ({whose}), and make those pools smaller or close what sleeps; else SET GLOBAL max_connections to a greater number"),
            None => "GRANT PROCESS to the doctor to see whose they are; make those pools smaller, or SET GLOBAL max_connections to a greater number".to_owned(),
        },
        evidence: [Evidence {
            probe: "SHOW GLOBAL STATUS Threads_connected; SHOW GLOBAL VARIABLES max_connections".to_owned(),
            value: observed.clone(),
        }]
        .into_iter()
        .chain(whose.map(|value| Evidence { probe: "PROCESSLIST".to_owned(), value }))
        .collect(),
        observed,
        impact: impact.to_owned(),
        actions: Vec::new(),
        risk: "each connection takes memory, some MiB while it works".to_owned(),
        reversible: true,
        confidence: Confidence::High,
    }
}

/// The three accounts and hosts that have most sessions, and how many of them sleep.
fn most(server: &Mysql) -> Option<String> {
    let mut by_account: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for session in server.sessions.seen().ok()? {
        let (all, asleep) = by_account.entry((&session.user, &session.host)).or_default();
        *all += 1;
        *asleep += usize::from(session.command == "Sleep");
    }
    let mut sorted: Vec<_> = by_account.into_iter().collect();
    sorted.sort_by_key(|(_, (all, _))| std::cmp::Reverse(*all));
    let told = sorted.iter().take(3).map(|((user, host), (all, asleep))| {
        format!("\"{user}\" from {host}: {all}, {asleep} of them asleep")
    });
    Some(told.collect::<Vec<_>>().join("; ")).filter(|told| !told.is_empty())
}

#[cfg(test)]
mod tests;

//! P06: the server has no connection left, or soon none.
//!
//! Source: the documentation of PostgreSQL, 20.3.1 (`max_connections`, `reserved_connections`, `superuser_reserved_connections`) and appendix A:
//! a login that is refused for this has the code 53300. Walsenders and workers have places of their own. 80 % is the usual alert
//! of mixins for `postgres_exporter`.

use super::words::counted;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresClients, Refusal};

/// Of what ordinary roles may have.
const WARNING_PERCENT: u64 = 80;

/// `too_many_connections`.
const REFUSED: &str = "53300";

/// So many kinds of clients are told.
const TOLD: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "P06",
    title: "the server has no connection left, or soon none",
    severity: Severity::Critical,
    needs: "pg_monitor",
    expected: "less than 80 % of the connections are taken that ordinary roles may have",
    guardrail: "alert on sum(pg_stat_activity_count) / pg_settings_max_connections > 0.8 (postgres_exporter); a pooler; ALTER ROLE ... CONNECTION LIMIT for each application",
    probes: &[
        "the login itself: SQLSTATE 53300",
        "pg_stat_activity, counted by role, application and address",
        "pg_settings: max_connections, superuser_reserved_connections, reserved_connections",
        "pg_roles.rolconnlimit, pg_database.datconnlimit",
    ],
    proof: Proof::Lab,
    catalogue: &["db-pool-exhaustion-leaks"],
    page: Page {
        symptom: "Applications log \"too many clients already\" or \"remaining connection slots are reserved\", or hang while they wait for their pool; the server itself is often idle.",
        culprit: "Each client has a process of its own, and max_connections is how many there may be. Each copy of an application keeps a pool, so with more copies, or with both the old and the new ones during a deployment, they add up to more than that. Or a client opens connections and forgets to close them.",
        proof: "That a login is refused with 53300 is the finding itself. Else the connections of clients, the one of the doctor counted, are held against max_connections less what is reserved: for superusers, and from 16 on for pg_use_reserved_connections. It fails from 80 % on, and is critical when none is left. A role and a database may have limits of their own, which are judged alike.",
        fix: "See who has them: SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity GROUP BY 1,2,3,4 ORDER BY 5 DESC. Make the pools of that application smaller, or put PgBouncer before the server. To be let in now, end idle ones: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle' AND usename = 'ROLE' AND state_change < now() - interval '10 min'. A superuser is still let in.",
        cost: "A smaller pool makes requests wait in the application, where that can be seen. A higher max_connections needs a restart, takes memory for each, and makes snapshots slower: more than a few hundred that are busy do less work, not more.",
        lab: "A server with few connections and a drawn number of sessions that hold them, until an ordinary role is refused; mended by ending them.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    if let Some(refusal) = pair.server.refused.as_ref().filter(|it| it.code == REFUSED) {
        let faults = vec![refused(refusal)];
        return Ok(Verdict { faults, ..Verdict::default() });
    }
    let server = pair.after()?;
    let connections = server.connections.seen()?;
    let all = number(server, "max_connections")?;
    let reserved = number(server, "superuser_reserved_connections")?
        + number(server, "reserved_connections").or_else(none_if_absent)?;
    let ordinary = all.saturating_sub(reserved);
    // The doctor takes one as well.
    let taken = connections.clients + connections.hidden + 1;
    let mut faults = Vec::new();
    // Those that may not be seen into are clients, or else processes of the server: too many even so is too many only without them.
    let sure = connections.clients + 1;
    if sure * 100 >= ordinary * WARNING_PERCENT {
        faults.push(full(server, sure, ordinary, all, connections.idle));
    }
    faults.extend(of_roles(server)?);
    faults.extend(of_databases(server)?);
    let needs = || {
        let hidden = counted(connections.hidden, "other connection is", "other connections are");
        Blind::Denied(format!("to see which of {hidden} of clients: GRANT pg_monitor to the role"))
    };
    Ok(Verdict {
        observed: format!("{taken} of {ordinary} connections are taken"),
        unseen: (connections.hidden > 0).then(needs),
        faults,
    })
}

fn number(server: &Postgres, name: &str) -> Result<u64, Blind> {
    let text = server.setting(name)?;
    text.parse().map_err(|error| Blind::Failed(format!("{name} is no number, {text}: {error}")))
}

/// Before 16 there are no `reserved_connections`.
fn none_if_absent(blind: Blind) -> Result<u64, Blind> {
    if matches!(blind, Blind::Absent(_)) { Ok(0) } else { Err(blind) }
}

/// The login itself said so.
fn refused(refusal: &Refusal) -> Fault {
    let Refusal { code, message } = refusal;
    Fault {
        severity: Severity::Critical,
        observed: format!("a login is refused: \"{message}\""),
        impact:
            "new connections are refused now; only roles for which some are reserved are let in"
                .to_owned(),
        evidence: vec![Evidence {
            probe: "login".to_owned(),
            value: format!("SQLSTATE {code}: {message}"),
        }],
        ..fault()
    }
}

fn full(server: &Postgres, taken: u64, ordinary: u64, all: u64, idle: u64) -> Fault {
    let left = ordinary.saturating_sub(taken);
    let by = server.clients.seen().ok().map(|clients| Evidence {
        probe: "pg_stat_activity by client".to_owned(),
        value: clients.iter().take(TOLD).map(told).collect::<Vec<_>>().join("; "),
    });
    Fault {
        severity: if left == 0 { Severity::Critical } else { Severity::Warning },
        observed: format!("{taken} of {ordinary} connections are taken, {idle} of them idle"),
        impact: if left == 0 {
            "new connections of ordinary roles are refused now".to_owned()
        } else {
            format!("after {left} more, new connections of ordinary roles are refused")
        },
        evidence: [Evidence {
            probe: "pg_settings max_connections".to_owned(),
            value: format!("{all}, of which {} are reserved", all - ordinary),
        }]
        .into_iter()
        .chain(by)
        .collect(),
        ..fault()
    }
}

fn told(clients: &PostgresClients) -> String {
    let PostgresClients { role, application, address, count, idle, .. } = clients;
    format!(
        "{count} ({idle} idle) of \"{}\" {} from {}",
        role.as_deref().unwrap_or("?"),
        application.as_deref().unwrap_or("without a name"),
        address.as_deref().unwrap_or("here")
    )
}

fn of_roles(server: &Postgres) -> Result<Vec<Fault>, Blind> {
    let near = server.role_limits.seen()?.iter();
    let near = near.filter(|it| it.connections * 100 >= it.limit * WARNING_PERCENT);
    Ok(near.map(|it| limited("role", &it.role, it.connections, it.limit)).collect())
}

fn of_databases(server: &Postgres) -> Result<Vec<Fault>, Blind> {
    let near = server.databases.seen()?.iter().filter_map(|it| {
        let (name, limit, taken) = (it.name.as_ref()?, it.connection_limit?, it.backends?);
        // One that is closed to all has the limit 0, on purpose.
        (limit > 0 && taken * 100 >= limit * WARNING_PERCENT)
            .then(|| limited("database", name, taken, limit))
    });
    Ok(near.collect())
}

fn limited(kind: &'static str, name: &str, taken: u64, limit: u64) -> Fault {
    let quoted = super::words::name(name);
    let statement = kind.to_uppercase();
    Fault {
        severity: Severity::Warning,
        aspect: Some(kind),
        at: Some(format!("{kind} {name}")),
        observed: format!("{taken} of the {limit} connections of {kind} \"{name}\" are taken"),
        impact: format!(
            "after {} more, new connections to it are refused",
            limit.saturating_sub(taken)
        ),
        fix: format!(
            "make its pools smaller; or ALTER {statement} {quoted} CONNECTION LIMIT {}; (undo: {limit})",
            limit * 2
        ),
        actions: Vec::new(),
        risk: "a higher limit takes from the connections of all".to_owned(),
        evidence: vec![Evidence {
            probe: format!("connection limit of {kind} {name}"),
            value: format!("{taken} of {limit}"),
        }],
        ..fault()
    }
}

fn fault() -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: String::new(),
        impact: String::new(),
        fix: "find who has most in pg_stat_activity and make its pools smaller; to be let in now, end its idle ones: SELECT pg_terminate_backend(PID);".to_owned(),
        actions: Vec::new(),
        risk: "clients whose connections are ended see an error and have to connect again".to_owned(),
        reversible: true,
        evidence: Vec::new(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

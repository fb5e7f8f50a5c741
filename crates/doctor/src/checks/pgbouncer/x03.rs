//! X03: prepared statements get lost behind the pooler.
//!
//! Source: the documentation of PgBouncer, config (`max_prepared_statements`, from 1.21 on, 0 is off) and features (what transaction pooling
//! breaks); that of PostgreSQL, appendix A (26000, 42P05).

use std::collections::BTreeSet;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Pgbouncer};

/// The first version that keeps track of prepared statements.
const TRACKS: (u64, u64) = (1, 21);

/// So many databases are named in a line.
const NAMED_MAX: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "X03",
    title: "prepared statements get lost behind the pooler",
    severity: Severity::Info,
    needs: "a user of stats_users or admin_users of PgBouncer",
    expected: "where connections are shared by transaction, PgBouncer is 1.21 or newer with max_prepared_statements above 0",
    guardrail: "alert on SQLSTATE 26000 and 42P05 in the logs of the applications",
    probes: &[
        "SHOW VERSION",
        "SHOW POOLS: pool_mode",
        "SHOW DATABASES: pool_mode",
        "SHOW CONFIG: pool_mode, max_prepared_statements",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-generic-plan-pgbouncer-repro"],
    page: Page {
        symptom: "Now and then, more often under load: \"prepared statement does not exist\" (26000) or \"already exists\" (42P05). Alone on a test machine it never happens.",
        culprit: "A prepared statement belongs to one connection of the server. Where the pooler gives a connection to a client for one transaction only, the next transaction may be on another one, which does not know the statement, or knows one of another client by that name. From 1.21 on PgBouncer prepares it there by itself, if max_prepared_statements is above 0, as it is from 1.24 on unless it is set; that is for statements of the protocol, as drivers make them, and not for PREPARE in SQL.",
        proof: "The mode of the pools, the version and the setting. Whether a driver prepares anything cannot be seen from here: so it is but a hint, and of low confidence.",
        fix: "PgBouncer 1.21 or newer with max_prepared_statements = 200. Else tell the drivers not to prepare: prepareThreshold=0 (JDBC), prepare_threshold=None (psycopg), default_query_exec_mode=exec (pgx), statement_cache_size=0 (asyncpg). Or pool_mode = session for the databases of such clients.",
        cost: "With max_prepared_statements the pooler needs memory and some of its processor for each statement. Without prepared statements the server plans each anew. With session pooling there are as many connections as clients. All are undone by the former setting and RELOAD.",
        lab: "A pooler that shares two connections by transaction: a client prepares a statement, another one takes that connection, and the first is answered 26000; mended by session pooling.",
    },
    rule: Rule::Pgbouncer(rule),
};

fn rule(pair: &Pair<'_, Pgbouncer>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let shared = shared(server)?;
    if shared.is_empty() {
        let observed = "no database is pooled by transaction".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let (major, minor) = server.release()?;
    let has_setting = (major, minor) >= TRACKS;
    let most = if has_setting { server.setting("max_prepared_statements")? } else { "0" };
    if most != "0" {
        let observed = format!("max_prepared_statements is {most}");
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let why = if has_setting {
        "max_prepared_statements is 0".to_owned()
    } else {
        format!("PgBouncer {major}.{minor} keeps no track of prepared statements")
    };
    let names: Vec<_> = shared.iter().copied().take(NAMED_MAX).collect();
    let more = if shared.len() > NAMED_MAX { " and others" } else { "" };
    let names = names.join(", ");
    let fault = Fault {
        severity: Severity::Info,
        aspect: None,
        at: None,
        observed: format!("{names}{more} pooled by transaction, and {why}"),
        impact: "if a driver prepares statements, some end with 26000 or 42P05 as soon as clients share connections".to_owned(),
        fix: "PgBouncer 1.21 or newer with max_prepared_statements = 200 and RELOAD (undo: 0); or tell the drivers not to prepare".to_owned(),
        actions: Vec::new(),
        risk: "memory of the pooler for each statement; an upgrade breaks the connections of clients unless it is done in turn".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "SHOW VERSION".to_owned(), value: format!("{major}.{minor}") },
            Evidence { probe: "SHOW DATABASES, SHOW POOLS: pool_mode".to_owned(), value: names },
        ],
        confidence: Confidence::Low,
    };
    Ok(Verdict { observed: String::new(), faults: vec![fault], unseen: None })
}

/// Databases of which clients share connections. A user may have a mode of its own, which only pools tell.
fn shared(server: &Pgbouncer) -> Result<BTreeSet<&str>, Blind> {
    let default = server.setting("pool_mode")?;
    let is_shared = |mode: &str| mode != "session";
    let databases = server.databases.seen()?.iter();
    let databases = databases
        .filter(|it| is_shared(it.mode.as_deref().unwrap_or(default)))
        .map(|it| it.name.as_str());
    let pools = server.pools.seen()?.iter();
    let pools =
        pools.filter(|it| it.mode.as_deref().is_some_and(is_shared)).map(|it| it.database.as_str());
    Ok(databases.chain(pools).collect())
}

#[cfg(test)]
mod tests;

//! B03: a client gives up before the server does, and what is tried again at each level multiplies.
//!
//! Source: the documentation of PostgreSQL, 20.11.1 (`statement_timeout`: the server does not notice that a client waits no longer), and
//! "Site Reliability Engineering", chapter 22: three levels of four attempts each are 64 at the database.

use std::time::Duration;

use super::super::postgres::words::name;
use super::facts::{missing, number, said, time, told};
use super::pool;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, Window};

const CLIENT: &str = "client-timeout";
const ROLE: &str = "app-role";
const CALLS: [&str; 2] = ["retries", "call-depth"];

/// As many attempts at the last level for one request are told: four at each of two levels. Ours.
const ATTEMPTS_MIN: u64 = 16;

const SETTING: &str = "statement_timeout";

pub(super) static CHECK: Check = Check {
    id: "B03",
    title: "the server works on for clients that have given up, or one request becomes many",
    severity: Severity::Warning,
    needs: "facts: client-timeout; retries and call-depth; app-role where statement_timeout differs by role",
    expected: "statement_timeout is shorter than the client waits, and one request becomes fewer than 16 at the last level",
    guardrail: "statement_timeout for the role of the application, below the time-out of its requests; retries at one level only, with a budget of a tenth",
    probes: &[
        "--fact client-timeout=TIME, such as 500ms or 30s; --fact app-role=NAME",
        "--fact retries=NUMBER --fact call-depth=NUMBER",
        "pg_settings.reset_val and pg_db_role_setting of statement_timeout",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The database is slow for a moment, and then does not recover: its load stays at the top although the users are gone. Time-outs in the application, and the same statements run on for minutes.",
        culprit: "A client that gives up does not end its statement: the server works on for nobody, and the client asks again. With a few levels that each try again, one request of a user becomes dozens at the database, just when it is slow.",
        proof: "How long the client waits, how often each level tries again, and how many levels there are, is given as facts; statement_timeout is seen: of the server, and of roles and databases that have their own. Fails if it is off or not shorter than the client waits (aspect server), and if the attempts of one level to the power of the levels are 16 or more (aspect retries).",
        fix: "ALTER ROLE NAME SET statement_timeout to nine tenths of what the client waits; it holds for new sessions. Try again at one level only, the outermost or the innermost, and pass the deadline on.",
        cost: "Statements that need longer fail with 57014: give reports and migrations a role of their own, or SET LOCAL statement_timeout. Undone with ALTER ROLE NAME RESET statement_timeout.",
        lab: "A server with a drawn statement_timeout above what the client is said to wait; mended with one below it. The arithmetic of retries is of facts alone.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let client = time(window, CLIENT)?;
    let calls = match CALLS.map(|name| number(window, name)) {
        [Ok(None), Ok(None)] => None,
        [retries, depth] => Some((
            retries?.ok_or_else(|| missing(CALLS[0]))?,
            depth?.ok_or_else(|| missing(CALLS[1]))?,
        )),
    };
    if client.is_none() && calls.is_none() {
        let names = [CLIENT, CALLS[0], CALLS[1]].join("=... --fact ");
        return Err(Blind::OutOfPlace(format!("nobody said --fact {names}=...")));
    }
    let (mut seen, mut faults, mut unseen) = (Vec::new(), Vec::new(), None);
    if let Some(client) = client {
        match of_server(window, client) {
            Ok((observed, fault)) => {
                seen.push(observed);
                faults.extend(fault);
            }
            Err(blind) if calls.is_none() => return Err(blind),
            Err(blind) => unseen = Some(blind),
        }
    }
    if let Some((retries, depth)) = calls {
        let attempts = attempts(retries, depth);
        seen.push(format!("one request is tried {attempts} times at the last level"));
        faults.extend((attempts >= ATTEMPTS_MIN).then(|| multiplied(retries, depth, attempts)));
    }
    Ok(Verdict { observed: seen.join("; "), faults, unseen })
}

fn attempts(retries: u64, depth: u64) -> u64 {
    retries.saturating_add(1).saturating_pow(u32::try_from(depth).unwrap_or(u32::MAX))
}

/// How long a statement may run; none without a limit.
type Limit = Option<Duration>;

fn of_server(window: &Window<'_>, client: Duration) -> Result<(String, Option<Fault>), Blind> {
    let named = pool::server(window)?;
    let pairs = window.pairs(|it| &it.postgres);
    let Some(pair) = pairs.iter().find(|it| pool::is_meant(named, &it.server.at)) else {
        return Err(Blind::OutOfPlace("the client is of no postgres".to_owned()));
    };
    let role = window.after.facts.get(ROLE).map(|it| it.trim());
    let limits = limits(pair, role)?;
    let is_late = |limit: &Limit| limit.is_none_or(|limit| limit >= client);
    let late: Vec<_> = limits.iter().copied().filter(is_late).collect();
    let longest = late.iter().copied().max_by_key(|it| it.unwrap_or(Duration::MAX));
    if let Some(longest) = longest {
        if late.len() < limits.len() {
            let which = if role.is_some() { "database" } else { "role or database" };
            return Err(Blind::Denied(format!(
                "--fact {ROLE}=... with a statement_timeout of its own: it differs by {which}"
            )));
        }
        return Ok((String::new(), Some(fault(pair, client, longest, role))));
    }
    let most = limits.into_iter().flatten().max().unwrap_or_default();
    let observed =
        format!("the client waits {}, and a statement is ended after {}", told(client), told(most));
    Ok((observed, None))
}

/// All that may hold for this role: what it has of its own comes first.
fn limits(pair: &Pair<'_, Postgres>, role: Option<&str>) -> Result<Vec<Limit>, Blind> {
    let server = pair.after()?;
    let asks = &server.identity.seen()?.role;
    let own: Vec<_> = server
        .overrides
        .seen()?
        .iter()
        .filter_map(|it| {
            let value = it.setting.strip_prefix(SETTING)?.strip_prefix('=')?;
            Some((it.role.as_deref(), it.database.is_some(), value))
        })
        .collect();
    let parsed = |value: &str| {
        limit(value).ok_or_else(|| Blind::Failed(format!("{SETTING} is \"{value}\", no time")))
    };
    let of_role = own.iter().filter(|(of, _, _)| role.is_some() && *of == role);
    let mut limits =
        of_role.clone().map(|(_, _, value)| parsed(value)).collect::<Result<Vec<_>, _>>()?;
    // Only one of its own that is of all databases leaves nothing else to hold.
    if of_role.clone().any(|(_, is_of_database, _)| !is_of_database) {
        return Ok(limits);
    }
    if own.iter().any(|(of, _, _)| *of == Some(asks) && role != Some(asks)) {
        let what =
            format!("{SETTING} of the server to be seen: role {asks}, which asks, has its own");
        return Err(Blind::Absent(what));
    }
    limits.push(parsed(server.setting(SETTING)?)?);
    let others = own.iter().filter(|(of, _, _)| of.is_none() || role.is_none());
    for (_, _, value) in others {
        limits.push(parsed(value)?);
    }
    Ok(limits)
}

/// `30s`, `500ms`, `1min`; a bare number is of milliseconds, and 0 is no limit. `None` if it is no time.
fn limit(text: &str) -> Option<Limit> {
    let text = text.trim().trim_matches('\'');
    let digits = text.trim_end_matches(|one: char| one.is_ascii_alphabetic() || one == ' ');
    let us_each: u64 = match text[digits.len()..].trim() {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let us = digits.parse::<u64>().ok()?.checked_mul(us_each)?;
    Some((us > 0).then(|| Duration::from_micros(us)))
}

fn fault(pair: &Pair<'_, Postgres>, client: Duration, limit: Limit, role: Option<&str>) -> Fault {
    let runs = limit.map_or_else(|| "without a limit".to_owned(), |it| format!("for {}", told(it)));
    let name = role.map_or_else(|| "NAME".to_owned(), name);
    let wanted = client.as_millis() * 9 / 10;
    Fault {
        severity: Severity::Warning,
        aspect: Some("server"),
        at: Some(format!("postgres {}", pair.server.at)),
        observed: format!("the client gives up after {}, and its statement may run {runs}", told(client)),
        impact: "when the database is slow it works for nobody, while the clients ask again: it does not recover by itself".to_owned(),
        fix: format!("ALTER ROLE {name} SET statement_timeout = '{wanted}ms'; for new sessions (undo: ALTER ROLE {name} RESET statement_timeout;)"),
        actions: Vec::new(),
        risk: "statements that need longer fail: give those a role of their own, or SET LOCAL statement_timeout".to_owned(),
        reversible: true,
        evidence: vec![
            said(CLIENT, told(client)),
            Evidence {
                probe: format!("pg_settings, pg_db_role_setting: {SETTING}"),
                value: limit.map_or_else(|| "0".to_owned(), |it| format!("{} ms", it.as_millis())),
            },
        ],
        confidence: Confidence::High,
    }
}

fn multiplied(retries: u64, depth: u64, attempts: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("retries"),
        at: Some("retries".to_owned()),
        observed: format!("{depth} levels that each try {} times make {attempts} attempts of one request at the last", retries.saturating_add(1)),
        impact: format!("when the last level fails, its load is multiplied by up to {attempts}, and it stays down"),
        fix: "try again at one level only, with a budget of a tenth of all requests, and pass the deadline on".to_owned(),
        actions: Vec::new(),
        risk: "a level that does not try again passes each short failure on to the one above".to_owned(),
        reversible: true,
        evidence: vec![said(CALLS[0], retries), said(CALLS[1], depth)],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;

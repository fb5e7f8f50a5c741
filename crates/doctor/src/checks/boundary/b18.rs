//! B18: how many connections are busy on the average, by what statements take, against how many there are.
//!
//! Source: J. D. C. Little, "A proof for the queuing formula L = λW" (1961): busy connections = statements in a second times the time
//! of each, which is the growth of the total time over the window. Twice the cores is the rule of thumb of the PostgreSQL wiki,
//! "Number Of Database Connections"; that ten times as many connections are many is ours.

use super::facts::number;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresStatement, Window};

/// So many times as many connections as are busy are many, if the machine has not as many either.
const TIMES: u128 = 10;

/// By the rule of thumb so many statements at once are the most that each core gets done.
const EACH_CORE: u64 = 2;

/// Tells the cores of a server on another machine.
const FACT: &str = "db-cores";

pub(super) static CHECK: Check = Check {
    id: "B18",
    title: "the connections of a server do not fit the work that it does",
    severity: Severity::Warning,
    needs: "pg_stat_statements in the database, and pg_read_all_stats; fact db-cores of a server on another machine",
    expected: "no more than two statements for each core run at once on the average, and not ten times as many connections as are busy",
    guardrail: "size pools by statements in a second times their time at the peak, with room of a half, and watch the time that requests wait for the pool",
    probes: &[
        "pg_stat_statements: calls and total_exec_time of the 100 that cost most, in both looks",
        "pg_stat_activity, counted",
        "processors of this machine; --fact db-cores=NUMBER for a server elsewhere",
    ],
    proof: Proof::Lab,
    catalogue: &["pool-sizing-littles-law"],
    page: Page {
        symptom: "Pools were set by habit, 50 or 100 for each copy. The server has hundreds of connections and is slow under load, and more connections make it slower.",
        culprit: "How many connections are needed is what arrives in a second times how long each takes: 500 statements of 4 ms keep two busy. More that are idle take memory and make snapshots slower; more that are busy than there are cores and disks only wait for each other.",
        proof: "By how much the total time of statements grew in the window, divided by the window, is how many ran at once on the average. A statement that began before the window counts with the window at most. More than two for each core is a warning; ten times as many connections as that, and more than two for each core, is for your information. Only the hundred statements that cost most are seen, of the database that was asked, without what is done between statements of a transaction; waiting for locks counts as busy; and a short window says nothing of the peak. So it is of low confidence: look again at the peak, with a longer window.",
        fix: "Too many busy at once: make pools smaller, or statements faster; the arithmetic is in what was observed. Too many connections: a pool of what is busy at the peak and half of that again, or a pooler before the server.",
        cost: "A pool that is too small makes requests wait in the application at the peak: change it in steps, and watch that time. Undone by the old size.",
        lab: "A server on which a drawn number of sessions waits for as long as the looks take, by statements; mended as they end.",
    },
    rule: Rule::Boundary(rule),
};

/// What was counted of a server.
struct Work {
    at: String,
    /// What all statements took together, in microseconds.
    busy_us: u128,
    calls: u64,
    window_us: u128,
    connections: u64,
    cores: Option<u64>,
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let pairs = window.pairs(|it| &it.postgres);
    if pairs.is_empty() {
        return Err(Blind::OutOfPlace("there is no postgres".to_owned()));
    }
    let (mut faults, mut unseen, mut told) = (Vec::new(), None, Vec::new());
    for pair in &pairs {
        match work(pair) {
            Ok(work) => {
                faults.extend(fault(&work));
                told.push(format!("postgres {}: {}", work.at, work.told()));
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

fn work(pair: &Pair<'_, Postgres>) -> Result<Work, Blind> {
    let server = pair.after()?;
    let connections = server.connections.seen()?;
    let window_us = std::time::Duration::from_secs_f64(pair.window.seconds()).as_micros().max(1);
    let before = pair.before()?.statements.seen()?;
    let (mut busy_us, mut calls) = (0, 0);
    if before.iter().chain(server.statements.seen()?).any(|it| it.text.is_none()) {
        // Such have no number either, by which they could be told apart.
        let needs = "to see statements of others: GRANT pg_read_all_stats to the role";
        return Err(Blind::Denied(needs.to_owned()));
    }
    for now in server.statements.seen()? {
        // One that was not among those that cost most has not cost much by then: what is found is the least.
        let Some(then) = before.iter().find(|it| it.id == now.id) else { continue };
        let (more, took) = grown(then, now)?;
        busy_us += u128::from(took).min(u128::from(more) * window_us);
        calls += more;
    }
    let said = number(&pair.window, FACT)?;
    let own = pair.server.local.then_some(pair.window.after.host.cpus).filter(|it| *it > 0);
    Ok(Work {
        at: pair.server.at.clone(),
        busy_us,
        calls,
        window_us,
        // Those that may not be seen into are clients, or nearly all of them.
        connections: connections.clients + connections.hidden,
        cores: said.or(own),
    })
}

/// How many more calls, and how much more time in microseconds.
fn grown(then: &PostgresStatement, now: &PostgresStatement) -> Result<(u64, u64), Blind> {
    let grown = |then: u64, now: u64| {
        let back = || Blind::Absent("growth of pg_stat_statements: it was set back".to_owned());
        now.checked_sub(then).ok_or_else(back)
    };
    Ok((grown(then.calls, now.calls)?, grown(then.total_us, now.total_us)?))
}

impl Work {
    /// The arithmetic.
    fn told(&self) -> String {
        let Self { calls, busy_us, window_us, connections, cores, .. } = self;
        let (ms, window_ms) = (busy_us / 1_000, window_us / 1_000);
        let cores = cores.map_or_else(
            || "cores unknown".to_owned(),
            |cores| format!("2 x {cores} cores = {}", cores * EACH_CORE),
        );
        format!(
            "{calls} calls took {ms} ms in {window_ms} ms, so {} are busy; {connections} connections, {cores}",
            self.busy()
        )
    }

    /// How many are busy on the average, with one digit, rounded down.
    fn busy(&self) -> String {
        let tenths = self.busy_us * 10 / self.window_us;
        format!("{}.{}", tenths / 10, tenths % 10)
    }

    /// Whether more than this are busy.
    fn is_more_than(&self, number: u64) -> bool {
        self.busy_us > u128::from(number) * self.window_us
    }
}

fn fault(work: &Work) -> Option<Fault> {
    let Work { at, busy_us, window_us, connections, cores, .. } = work;
    let most = cores.as_ref()? * EACH_CORE;
    let busy_up = u64::try_from(busy_us.div_ceil(*window_us)).unwrap_or(u64::MAX).max(1);
    let is_many = u128::from(*connections) > TIMES * u128::from(busy_up) && *connections > most;
    let told = work.told();
    let (severity, aspect, impact, fix) = if work.is_more_than(most) {
        (
            Severity::Warning,
            "busy",
            format!(
                "they wait for processors, disks or locks: more at once get less done than {most} would"
            ),
            format!(
                "see what they wait for (pg_stat_activity.wait_event); pools that are together about {most}, and faster statements"
            ),
        )
    } else if is_many {
        let wanted = busy_up + busy_up.div_ceil(2);
        (
            Severity::Info,
            "idle",
            "idle connections take memory, and when all become busy at once the server gets less done".to_owned(),
            format!("if it is like this at the peak, pools that are together {} or so; or a pooler", wanted.max(most)),
        )
    } else {
        return None;
    };
    Some(Fault {
        severity,
        aspect: Some(aspect),
        at: Some(format!("postgres {at}")),
        observed: told.clone(),
        impact,
        fix,
        actions: Vec::new(),
        risk: "a pool that is too small makes requests wait at the peak: change it in steps; undone by the old size".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "pg_stat_statements, pg_stat_activity".to_owned(), value: told },
            Evidence { probe: "processors".to_owned(), value: (most / EACH_CORE).to_string() },
        ],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;

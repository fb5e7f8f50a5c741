//! R12: a replica is cut off, or the next short outage costs a whole copy.
//!
//! Source: the documentation of Redis, "Replication" and `redis.conf` (`repl-timeout`, `repl-backlog-size`).

use super::words::{float, mib, shown};
use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Below so many seconds a rate of writes is a guess.
const WINDOW_MIN: f64 = 60.0;

/// A backlog of so many MiB may be asked for without a thought about memory.
const BACKLOG_MIB_MAX: f64 = 512.0;

pub(super) static CHECK: Check = Check {
    id: "R12",
    title: "a replica is cut off, or the next short outage costs a whole copy",
    severity: Severity::Critical,
    needs: "+info +config|get",
    expected: "each replica has its link, and the backlog holds what is written in repl-timeout seconds",
    guardrail: "alert on redis_master_link_up == 0 and on redis_connected_slaves below what it should be; min-replicas-to-write, where no write may be lost",
    probes: &[
        "INFO replication: role, master_link_status, master_link_down_since_seconds, master_sync_in_progress, master_repl_offset, repl_backlog_size, slaveN",
        "CONFIG GET repl-timeout",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Reads from the replica show yesterday's data; a failover loses hours; or after each hiccup of the network the primary forks, the network is full, and replicas take minutes to come back.",
        culprit: "The link is down: the primary is gone, its password has changed, or the replica cannot load what it is sent. Or the backlog, 1 MiB unless told otherwise, holds less than what is written during the shortest outage, so that each one ends with a snapshot of all data.",
        proof: "Aspect link: what the replica itself says; critical from repl-timeout on, before that and during a first copy a warning. Aspect backlog: what the primary writes to its replicas between the two looks, against the size of the backlog: a fault where it is full in less than repl-timeout seconds, which is how long it takes until an outage is even noticed; of low confidence in a window under 60 s.",
        fix: "For the link, the log of the replica says why: look for \"MASTER aborted replication\", \"Unable to AUTH\", \"Connection refused\". For the backlog, CONFIG SET repl-backlog-size to what is written in a few minutes, and CONFIG REWRITE.",
        cost: "The backlog takes its size in memory, once for all replicas, and counts towards none of the keys. Undo by setting the former size.",
        lab: "A primary and its replica, and the primary ends; mended by starting it again.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let patience = server.amount("repl-timeout")?;
    if server.is_replica()? {
        let up = server.field("master_link_status")? == "up";
        let faults = if up { Vec::new() } else { vec![cut(server, patience)?] };
        let observed = "the link to its primary is up".to_owned();
        return Ok(Verdict { observed, faults, unseen: None });
    }
    let replicas = server.replicas.seen()?;
    if replicas.is_empty() {
        return Err(Blind::OutOfPlace("it has no replica".to_owned()));
    }
    let backlog: u64 = server.number("repl_backlog_size")?;
    let written = pair.growth("master_repl_offset", |it| it.counter("master_repl_offset"))?;
    let seconds = pair.window.seconds();
    let rate = float(written) / seconds.max(0.001);
    let covers = float(backlog) / rate.max(1.0);
    let faults = if covers < float(patience) {
        vec![short(backlog, covers, written, seconds, patience)]
    } else {
        Vec::new()
    };
    let observed = format!(
        "{} replicas; {written} bytes written in {seconds:.1} s, backlog {}",
        replicas.len(),
        mib(backlog)
    );
    Ok(Verdict { observed, faults, unseen: None })
}

/// The link of a replica is down.
fn cut(server: &Redis, patience: u64) -> Result<Fault, Blind> {
    // -1 until it was up once.
    let down: i64 = server.number("master_link_down_since_seconds").unwrap_or(-1);
    let is_copying = server.field("master_sync_in_progress")? == "1";
    let is_long = u64::try_from(down).is_ok_and(|down| down >= patience);
    let since = match u64::try_from(down) {
        Ok(down) => format!("has been down for {down} s"),
        Err(_) => "has not been up yet".to_owned(),
    };
    let now = if is_copying { "; it takes a whole copy now" } else { "" };
    Ok(Fault {
        severity: if is_long && !is_copying { Severity::Critical } else { Severity::Warning },
        aspect: Some("link"),
        at: None,
        observed: format!("the link to its primary {since}{now}"),
        impact: "it answers with what it last had, and a failover to it loses all writes since".to_owned(),
        fix: "read its log for why: the primary is gone, refuses the password (masterauth, masteruser), or cannot be reached; INFO replication at both ends".to_owned(),
        actions: Vec::new(),
        risk: "when it comes back after long, the primary forks and sends all data".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO master_link_status", &server.field("master_link_status")?),
            shown("INFO master_link_down_since_seconds", &down),
        ],
        confidence: Confidence::High,
    })
}

/// The backlog is full too soon.
fn short(backlog: u64, covers: f64, written: u64, seconds: f64, patience: u64) -> Fault {
    let rate = float(written) / seconds.max(0.001);
    // For five minutes and for as long as a replica is waited for, in whole megabytes; what would be larger than most machines have to spare, a person
    // has to say.
    let lasting = float(patience.max(300));
    let wanted = (rate * lasting / f64::from(1 << 20)).ceil();
    let is_modest = wanted <= BACKLOG_MIB_MAX;
    let set = |bytes: &str| format!("CONFIG SET repl-backlog-size {bytes}");
    Fault {
        severity: Severity::Warning,
        aspect: Some("backlog"),
        at: None,
        observed: format!(
            "the backlog of {} is full after {covers:.0} s at {:.1} MiB/s; repl-timeout is {patience} s",
            mib(backlog),
            rate / f64::from(1 << 20)
        ),
        impact: "a replica that is away for longer takes a whole copy: the primary forks, and sends all data".to_owned(),
        fix: format!("if it has so much memory to spare: CONFIG SET repl-backlog-size {wanted:.0}mb; CONFIG REWRITE (undo: {backlog})"),
        actions: is_modest
            .then(|| Action::undone_by(set(&format!("{wanted:.0}mb")), set(&backlog.to_string())))
            .into_iter()
            .collect(),
        risk: "it takes that much memory; before Redis 7 what it held is dropped, so that a replica which is away right then takes a whole copy".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO repl_backlog_size", &backlog),
            shown("INFO master_repl_offset", &format!("{written} more in {seconds:.1} s")),
        ],
        confidence: if seconds >= WINDOW_MIN { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;

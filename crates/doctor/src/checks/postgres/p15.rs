//! P15: standbys are behind, or commits wait for one that is not there.
//!
//! Source: the documentation of PostgreSQL, 20.6.2 (`synchronous_standby_names`), 27.2.8 and 28.2.4 (`pg_stat_replication`). Five minutes and a
//! gigabyte are ours: a standby that is only busy is behind by less.

use super::words::{binary, counted, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSender};

/// A standby that replays so late is behind.
const LAG_S: u64 = 300;

/// So is one that has so much still to replay.
const LAG_BYTES: i64 = 1 << 30;

pub(super) static CHECK: Check = Check {
    id: "P15",
    title: "a standby is behind, or commits wait for one that is not there",
    severity: Severity::Critical,
    needs: "pg_monitor",
    expected: "as many synchronous standbys stream as commits wait for, and none is 5 min or 1 GB behind",
    guardrail: "one more synchronous standby than commits wait for: ANY 1 (a, b); alert on pg_replication_lag_seconds (postgres_exporter)",
    probes: &[
        "pg_stat_replication",
        "pg_settings: synchronous_standby_names",
        "pg_stat_activity: sessions that wait for SyncRep",
        "on a standby: pg_stat_wal_receiver, pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_is_wal_replay_paused()",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Every commit hangs, while reads go on and nothing is in the log. Or reads from a standby show what was true an hour ago, and a switch to it would lose that hour, or take that long.",
        culprit: "With synchronous_standby_names a commit waits until so many standbys have it. If fewer stream, it waits for ever: there is no time limit. A standby that is asynchronous falls behind by a slow disk or network, by long queries that replay waits for, or as somebody paused it.",
        proof: "Of a primary: the standbys that pg_stat_replication has as sync or quorum, against the number that synchronous_standby_names asks for; fewer is critical. One that has not replayed for five minutes, or has more than 1 GB to replay, is a warning. Of a standby: one that has received more than it replayed and is paused, or whose newest replayed transaction is five minutes old, is a warning; so is one that receives nothing and whose newest transaction is that old, which is a guess, as its primary may be idle or an archive may feed it.",
        fix: "Bring the standby back: that costs nothing. Until then writes can go on only without it: take its name out of synchronous_standby_names and SELECT pg_reload_conf(); commits are then no longer replicated before they are confirmed, and if the primary is lost now, so are they. For one that is behind look at its pg_stat_activity, and at wait events of its startup process.",
        cost: "Without a synchronous standby, what is confirmed is on one machine only until it is back. Set the names again afterwards.",
        lab: "A primary whose commits wait for a standby that does not exist, with a drawn number of sessions that wait; mended by starting a standby of that name.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.identity.seen()?.in_recovery {
        return standby(server);
    }
    // Who reads a logical slot is no standby.
    let slots = server.slots.seen().map_or(&[][..], |all| all);
    let logical: Vec<_> =
        slots.iter().filter(|it| it.kind == "logical").filter_map(|it| it.active_pid).collect();
    let is_standby =
        |it: &&PostgresSender| it.state.as_deref() != Some("backup") && !logical.contains(&it.pid);
    let senders: Vec<_> = server.senders.seen()?.iter().filter(is_standby).collect();
    let names = server.setting("synchronous_standby_names")?.trim();
    if senders.is_empty() && names.is_empty() {
        return Err(Blind::OutOfPlace("it has no standby and waits for none".to_owned()));
    }
    let mut faults: Vec<_> = senders.iter().filter_map(|it| behind(it)).collect();
    let hidden = senders.iter().any(|it| it.state.is_none() || it.sync_state.is_none());
    if !hidden && !names.is_empty() {
        faults.extend(missing(server, &senders, names)?);
    }
    let needs =
        || Blind::Denied("to see the state of standbys: GRANT pg_monitor to the role".to_owned());
    let furthest = senders.iter().filter_map(|it| it.unreplayed_bytes).max().unwrap_or(0);
    let observed = format!(
        "{}, the furthest {} behind",
        counted(senders.len() as u64, "standby", "standbys"),
        binary(u64::try_from(furthest).unwrap_or(0))
    );
    Ok(Verdict { observed, faults, unseen: hidden.then_some(()).map(|()| needs()) })
}

/// How many standbys a commit waits for, by `synchronous_standby_names`: `FIRST 2 (a, b)`, `ANY 1 (a, b)`, `2 (a, b)` or `a, b`.
fn wanted(names: &str) -> Option<usize> {
    let Some((head, _)) = names.split_once('(').filter(|(head, _)| !head.contains(['"', ',']))
    else {
        return Some(1);
    };
    head.split_whitespace().next_back()?.parse().ok()
}

fn missing(
    server: &Postgres,
    senders: &[&PostgresSender],
    names: &str,
) -> Result<Option<Fault>, Blind> {
    let wanted = wanted(names).ok_or_else(|| {
        Blind::Failed(format!("synchronous_standby_names is not understood: {names}"))
    })?;
    let is_sync =
        |it: &&&PostgresSender| matches!(it.sync_state.as_deref(), Some("sync" | "quorum"));
    let there = senders.iter().filter(is_sync).count();
    if there >= wanted {
        return Ok(None);
    }
    let waits =
        server.sessions.seen()?.iter().filter(|it| it.wait.as_deref() == Some("IPC/SyncRep"));
    let waiting: Vec<_> = waits.filter_map(|it| it.state_s).collect();
    let longest = waiting.iter().max();
    let since = longest.map_or_else(String::new, |it| format!(", the longest for {}", span(*it)));
    Ok(Some(Fault {
        severity: Severity::Critical,
        aspect: Some("sync"),
        at: None,
        observed: format!(
            "commits wait for {wanted} of the standbys {names}, and {there} of them {} there; {}{since}",
            if there == 1 { "is" } else { "are" },
            counted(waiting.len() as u64, "session waits", "sessions wait")
        ),
        impact: "every commit that changes something hangs until a standby of that name streams".to_owned(),
        fix: "start that standby; if it cannot be had: ALTER SYSTEM SET synchronous_standby_names = 'THOSE THAT ARE THERE'; SELECT pg_reload_conf(); commits are then no longer replicated before they are confirmed".to_owned(),
        actions: Vec::new(),
        risk: "without its name, what is confirmed is lost if the primary is lost before the standby is back".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_stat_replication".to_owned(),
            value: told(senders),
        }],
        confidence: Confidence::High,
    }))
}

fn told(senders: &[&PostgresSender]) -> String {
    if senders.is_empty() {
        return "no row".to_owned();
    }
    let each = senders.iter().map(|it| {
        let told = [&it.application, &it.state, &it.sync_state];
        told.map(|it| it.as_deref().unwrap_or("?")).join(" ")
    });
    each.collect::<Vec<_>>().join("; ")
}

/// As the primary sees it.
fn behind(sender: &PostgresSender) -> Option<Fault> {
    let bytes = sender.unreplayed_bytes.filter(|bytes| *bytes >= LAG_BYTES);
    let seconds = sender.replay_lag_s.filter(|s| *s >= LAG_S);
    if bytes.is_none() && seconds.is_none() {
        return None;
    }
    let name = sender.application.as_deref().unwrap_or("without a name");
    let left = u64::try_from(sender.unreplayed_bytes.unwrap_or(0)).unwrap_or(0);
    let late = sender.replay_lag_s.map_or_else(String::new, |s| format!(", {} late", span(s)));
    let how = |bytes: Option<i64>| bytes.map_or_else(|| "?".to_owned(), |it| it.to_string());
    Some(Fault {
        at: Some(format!("standby {name}")),
        observed: format!("standby \"{name}\" has {} to replay{late}", binary(left)),
        evidence: vec![Evidence {
            probe: format!("pg_stat_replication pid {}", sender.pid),
            value: format!(
                "unsent={} unflushed={} unreplayed={}",
                how(sender.unsent_bytes),
                how(sender.unflushed_bytes),
                how(sender.unreplayed_bytes)
            ),
        }],
        ..late_fault()
    })
}

/// As the standby itself sees it.
fn standby(server: &Postgres) -> Result<Verdict, Blind> {
    let place = server.wal_place.seen()?;
    let receiver = server.receiver.seen()?;
    let is_behind = place.received > place.replayed;
    let age = place.replayed_s;
    let left = place
        .received
        .zip(place.replayed)
        .map_or(0, |(received, replayed)| received.saturating_sub(replayed));
    let since = age.map_or_else(
        || "it has replayed no transaction yet".to_owned(),
        |age| format!("its newest transaction is {} old", span(age)),
    );
    // One that is told to stay behind is late beyond that.
    let delay_ms: u64 =
        server.setting("recovery_min_apply_delay").ok().and_then(|it| it.parse().ok()).unwrap_or(0);
    let is_late = age.is_some_and(|age| age >= LAG_S.saturating_add(delay_ms / 1_000));
    let mut faults = Vec::new();
    if place.paused == Some(true) && is_behind {
        faults.push(Fault {
            aspect: Some("paused"),
            observed: format!("replay is paused with {} to replay; {since}", binary(left)),
            fix: "ask who paused it and why; then SELECT pg_wal_replay_resume();".to_owned(),
            // Not by a script: somebody may have paused it to save what the primary has lost.
            actions: Vec::new(),
            risk: "what is replayed stays so: a table that was dropped on the primary is gone here, too; at a recovery target it promotes, and where it paused for settings smaller than the primary's (max_connections) it shuts down; queries in the way of replay may be cancelled".to_owned(),
            reversible: false,
            ..late_fault()
        });
    } else if is_behind && is_late {
        faults.push(Fault {
            observed: format!("{} to replay; {since}", binary(left)),
            ..late_fault()
        });
    } else if receiver.is_empty() && is_late {
        faults.push(Fault {
            aspect: Some("receiver"),
            observed: format!("nothing is received from a primary; {since}"),
            fix: "read its log for why it does not connect: address, password, a slot or WAL that is gone".to_owned(),
            confidence: Confidence::Low,
            ..late_fault()
        });
    }
    for fault in &mut faults {
        fault.evidence.push(Evidence {
            probe: "pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()".to_owned(),
            value: format!(
                "received={:?} replayed={:?} paused={:?} receivers={}",
                place.received,
                place.replayed,
                place.paused,
                receiver.len()
            ),
        });
    }
    Ok(Verdict {
        observed: format!("it is a standby with {} to replay; {since}", binary(left)),
        faults,
        unseen: None,
    })
}

fn late_fault() -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("lag"),
        at: None,
        observed: String::new(),
        impact: "reads from it show the past, and a switch to it waits for the rest or loses it".to_owned(),
        fix: "on the standby: look for long queries that replay waits for, and for a disk that is busy; between both: the network".to_owned(),
        actions: Vec::new(),
        risk: "to end a query there fails it".to_owned(),
        reversible: true,
        evidence: Vec::new(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

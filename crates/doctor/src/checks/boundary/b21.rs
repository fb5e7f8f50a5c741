//! B21: the server that should take over in a failover cannot.
//!
//! Source: the documentation of PostgreSQL, 26.2.6 (replication slots), and of Redis, `redis.conf` (`replica-priority 0`: Sentinel never
//! makes it a primary; `min-replicas-to-write`). P15 judges synchronous standbys that are missing, and P03 what slots keep.

use super::super::postgres::words::literal;
use super::facts::told;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSlot, Redis, Window};

/// A standby that is started again is away for less, in seconds: from 17 on the server tells for how long.
const AWAY_S_MIN: u64 = 60;

pub(super) static CHECK: Check = Check {
    id: "B21",
    title: "the server that should take over in a failover cannot",
    severity: Severity::Critical,
    needs: "pg_monitor; +info +config|get, of all replicas of a primary of Redis",
    expected: "each physical slot has its standby, some replica of Redis may be made a primary, and as many replicas are there as writes need",
    guardrail: "a failover on purpose each quarter; alert on pg_replication_slots_active == 0 of physical slots, and on redis_connected_slaves below what it should be",
    probes: &[
        "pg_replication_slots, in both looks",
        "INFO replication: role, connected_slaves, slave_priority, min_slaves_good_slaves",
        "CONFIG GET min-replicas-to-write",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the primary dies: then nobody takes over, or the one that does is hours behind. Or writes to Redis are refused with NOREPLICAS while all seems to run.",
        culprit: "The standby was rebuilt elsewhere and its slot stayed behind; or it was stopped for maintenance and forgotten. In Redis each replica has replica-priority 0, as it was copied from one for backups; or fewer replicas are there than min-replicas-to-write asks for.",
        proof: "Of a primary of PostgreSQL: physical slots that hold a place and that nobody reads from in both looks (from 17 on for at least a minute). Programs that only receive WAL have such slots, too: of low confidence. Of Redis: a primary is seen together with all of its replicas, and all have priority 0, which Sentinel heeds; in a cluster it means nothing and is not judged. And min-replicas-to-write above the replicas that are near enough: that is so now.",
        fix: "Start the standby, or make it anew; if it is gone for good, SELECT pg_drop_replication_slot('NAME'). CONFIG SET replica-priority 100 on one that may take over, and CONFIG REWRITE. Bring replicas back; lowering min-replicas-to-write lets writes in that are lost if the primary dies then.",
        cost: "A slot that was dropped cannot be had back: a standby that comes back after all may need a new copy. A replica that may take over needs the memory and the place for it.",
        lab: "A primary of Redis with a replica of priority 0, then one that asks for a drawn number of replicas more than it has; mended by setting both back. The slots of PostgreSQL have no lab: their rule is tested alone.",
    },
    rule: Rule::Boundary(rule),
};

/// What was found of one server: how it is told, and what is wrong.
type Found = (String, Vec<Fault>);

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let postgres = window.pairs(|it| &it.postgres);
    let redis = window.pairs(|it| &it.redis);
    let mut found: Vec<_> = postgres.iter().map(slots).collect();
    found.extend(redis.iter().map(writes));
    found.push(priorities(&redis));
    let (mut told, mut faults, mut unseen) = (Vec::new(), Vec::new(), None);
    for one in found {
        match one {
            Ok(Some((seen, wrong))) => {
                told.push(seen);
                faults.extend(wrong);
            }
            Ok(None) => {}
            Err(blind) => unseen = Some(blind),
        }
    }
    if told.is_empty() && unseen.is_none() {
        let none = "there is no primary here with physical slots or with replicas";
        return Err(Blind::OutOfPlace(none.to_owned()));
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

/// Slots whose standby is away; none if it has none, or is no primary.
fn slots(pair: &Pair<'_, Postgres>) -> Result<Option<Found>, Blind> {
    let server = pair.after()?;
    if server.identity.seen()?.in_recovery {
        return Ok(None);
    }
    // One without a place was made ahead, and never used.
    let is_used =
        |it: &&PostgresSlot| it.kind == "physical" && !it.temporary && it.restart_lsn.is_some();
    let slots: Vec<_> = server.slots.seen()?.iter().filter(is_used).collect();
    if slots.is_empty() {
        return Ok(None);
    }
    let before = pair.before()?.slots.seen()?;
    let is_away = |it: &&&PostgresSlot| {
        let was_away = before.iter().any(|then| then.name == it.name && !then.active);
        !it.active && was_away && it.inactive_s.is_none_or(|away| away >= AWAY_S_MIN)
    };
    let faults = slots.iter().filter(is_away).map(|slot| away(pair, slot)).collect();
    Ok(Some((format!("postgres {} has {} physical slots", pair.server.at, slots.len()), faults)))
}

fn away(pair: &Pair<'_, Postgres>, slot: &PostgresSlot) -> Fault {
    let (name, at) = (&slot.name, &pair.server.at);
    let since = slot.inactive_s.map_or_else(String::new, |it| {
        format!(" for {}", told(std::time::Duration::from_secs(it)))
    });
    Fault {
        severity: Severity::Warning,
        aspect: Some("slot"),
        at: Some(format!("postgres {at} slot {name}")),
        observed: format!("no standby reads from physical slot \"{name}\"{since}"),
        impact: "if the primary is lost now, that standby lacks all that was written since it left"
            .to_owned(),
        fix: format!(
            "start that standby; only if it is gone for good: SELECT pg_drop_replication_slot({});",
            literal(name)
        ),
        actions: Vec::new(),
        risk: "after its slot is dropped, a standby that comes back may need a new copy".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_replication_slots {name}, both looks"),
            value: format!("active=f restart_lsn={}", slot.restart_lsn.as_deref().unwrap_or("?")),
        }],
        confidence: Confidence::Low,
    }
}

/// Whether a primary has as many replicas as its writes need; none where it asks for none.
fn writes(pair: &Pair<'_, Redis>) -> Result<Option<Found>, Blind> {
    let server = pair.after()?;
    if server.is_replica()? {
        return Ok(None);
    }
    let wanted = server.amount("min-replicas-to-write")?;
    // Told only where it is in force: with a min-replicas-max-lag of 0 it is not.
    let there = server.counter("min_slaves_good_slaves")?;
    let Some(there) = there.filter(|_| wanted > 0) else { return Ok(None) };
    let at = &pair.server.at;
    let fault = || Fault {
        severity: Severity::Critical,
        aspect: Some("min-replicas"),
        at: Some(format!("redis {at}")),
        observed: format!(
            "{there} replicas are near enough, and min-replicas-to-write is {wanted}"
        ),
        impact: "it refuses all writes now, with NOREPLICAS".to_owned(),
        fix: format!(
            "bring its replicas back; until then CONFIG SET min-replicas-to-write {there} lets writes in (undo: {wanted})"
        ),
        actions: Vec::new(),
        risk: "what is written with fewer replicas is lost if the primary dies then".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: "CONFIG GET min-replicas-to-write".to_owned(),
                value: wanted.to_string(),
            },
            Evidence { probe: "INFO min_slaves_good_slaves".to_owned(), value: there.to_string() },
        ],
        confidence: Confidence::High,
    };
    let faults = (there < wanted).then(fault).into_iter().collect();
    Ok(Some((format!("redis {at} has {there} replicas near enough of {wanted}"), faults)))
}

/// Whether some replica of the one primary may take over; none where there are no replicas, or is no one primary.
fn priorities(pairs: &[Pair<'_, Redis>]) -> Result<Option<Found>, Blind> {
    let (mut primaries, mut replicas) = (Vec::new(), Vec::new());
    for pair in pairs {
        // What could not be looked at is told by the above.
        let Ok(server) = pair.after() else { continue };
        if server.counter("cluster_enabled")? == Some(1) {
            return Ok(None);
        }
        if server.is_replica()? { replicas.push(server) } else { primaries.push((pair, server)) }
    }
    let [(primary, server)] = primaries.as_slice() else { return Ok(None) };
    let connected: usize = server.number("connected_slaves")?;
    if connected == 0 {
        return Ok(None);
    }
    let at = &primary.server.at;
    if replicas.len() != connected {
        let seen = replicas.len();
        return Err(Blind::Absent(format!(
            "look at all {connected} replicas of redis {at}, only at {seen}: name each with --redis"
        )));
    }
    let priorities: Vec<u64> =
        replicas.iter().map(|it| it.number("slave_priority")).collect::<Result<_, _>>()?;
    let fault = || {
        Fault {
        severity: Severity::Warning,
        aspect: Some("priority"),
        at: Some(format!("redis {at}")),
        observed: format!("each of its {connected} replicas has replica-priority 0"),
        impact: "if the primary is lost, Sentinel makes none of them a primary: writes fail until somebody does".to_owned(),
        fix: "on one that may take over: CONFIG SET replica-priority 100; CONFIG REWRITE (undo: 0)".to_owned(),
        actions: Vec::new(),
        risk: "a replica that may take over needs the memory and the place for it".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "INFO slave_priority, of each replica".to_owned(),
            value: "0".to_owned(),
        }],
        // Whether a Sentinel is to do it is not seen.
        confidence: Confidence::Low,
    }
    };
    let faults = priorities.iter().all(|it| *it == 0).then(fault).into_iter().collect();
    Ok(Some((format!("redis {at} has {connected} replicas"), faults)))
}

#[cfg(test)]
mod tests;

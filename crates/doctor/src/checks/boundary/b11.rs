//! B11: a consumer of changes is gone, and the server writes on for it.
//!
//! Source: the documentation of PostgreSQL, 26.2.6 and 52.20 (`pg_replication_slots`). P03 judges how much a slot keeps by the room on the
//! disk; this one says that nobody reads while changes come in, however much room there is.

use std::time::Duration;

use super::super::postgres::words::literal;
use super::facts::told;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSlot, Window};

/// When something will be full is told only of a window of a minute.
const ETA_MS_MIN: u128 = 60_000;

/// A consumer that is started again is away for less, in seconds: from 17 on the server tells for how long.
const AWAY_S_MIN: u64 = 60;

pub(super) static CHECK: Check = Check {
    id: "B11",
    title: "nobody reads the changes that a logical slot keeps, while the database writes on",
    severity: Severity::Warning,
    needs: "pg_monitor; root on its machine, to see what is left on the disk",
    expected: "while WAL grows, each logical slot has a reader, or gets further",
    guardrail: "alert on pg_replication_slots_active == 0 for 5 min (postgres_exporter), and on the age of the newest change at the consumer; max_slot_wal_keep_size",
    probes: &[
        "pg_replication_slots and pg_current_wal_lsn(), in both looks",
        "pg_settings: max_slot_wal_keep_size",
        "statvfs of pg_wal, if the server is on this machine",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-orphan-slot-wal-retention"],
    page: Page {
        symptom: "Search, cache, warehouse or another service shows what was so an hour ago, or yesterday, and no error anywhere; pg_wal grows.",
        culprit: "The connector or subscriber that reads the changes of this slot is stopped: its task failed, its deployment was scaled to none, its password was changed. The database keeps everything for it and says nothing.",
        proof: "A logical slot that nobody reads from in both looks, whose place did not move, while WAL grew in between. From PostgreSQL 17 on the server tells for how long nobody has read: below a minute it is not told, as a consumer may just be started again; before 17 that cannot be told apart, and it is of low confidence. Slots of a standby are not judged: those that are copied from the primary have no reader by design. When the disk is full, or the slot lost, is told of windows of at least a minute.",
        fix: "Start the consumer, and look at its own log for why it stopped. If it is gone for good, SELECT pg_drop_replication_slot('NAME').",
        cost: "A consumer that comes back reads everything since, at full speed. A slot that was dropped cannot be had back: its consumer needs a new copy of everything.",
        lab: "A server with a logical slot that nobody reads from, and a drawn amount of changes; mended by reading them.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let pairs = window.pairs(|it| &it.postgres);
    if pairs.is_empty() {
        return Err(Blind::OutOfPlace("there is no postgres".to_owned()));
    }
    let (mut faults, mut unseen, mut seen) = (Vec::new(), None, 0);
    for pair in &pairs {
        match of_server(pair) {
            Ok((slots, found)) => {
                seen += slots;
                faults.extend(found);
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    if seen == 0 && unseen.is_none() {
        return Err(Blind::OutOfPlace("no primary has a logical slot".to_owned()));
    }
    let observed = format!("{seen} logical slots are read from, or nothing is written");
    Ok(Verdict { observed, faults, unseen })
}

/// How many logical slots it has, and those that are left alone.
fn of_server(pair: &Pair<'_, Postgres>) -> Result<(usize, Vec<Fault>), Blind> {
    let server = pair.after()?;
    if server.identity.seen()?.in_recovery {
        return Ok((0, Vec::new()));
    }
    let logical = |it: &&PostgresSlot| it.kind == "logical" && !it.temporary;
    let slots: Vec<_> = server.slots.seen()?.iter().filter(logical).collect();
    if slots.is_empty() {
        return Ok((0, Vec::new()));
    }
    let grown = pair.growth("WAL", |it| Ok(it.wal_place.seen()?.end))?;
    let before = pair.before()?.slots.seen()?;
    let is_alone = |it: &&&PostgresSlot| {
        let then = before.iter().find(|other| other.name == it.name);
        let is_new = it.inactive_s.is_some_and(|away| away < AWAY_S_MIN);
        let is_lost = it.wal_status.as_deref() == Some("lost") || it.invalidation.is_some();
        !it.active
            && !is_new
            && !is_lost
            && it.restart_lsn.is_some()
            && then.is_some_and(|then| !then.active && then.restart_lsn == it.restart_lsn)
    };
    let alone = slots.iter().filter(is_alone).filter(|_| grown > 0);
    let faults = alone.map(|slot| fault(pair, server, slot, grown)).collect();
    Ok((slots.len(), faults))
}

/// What breaks, and when: the disk is full, or with a limit the slot is lost.
fn end(pair: &Pair<'_, Postgres>, server: &Postgres, slot: &PostgresSlot, grown: u64) -> String {
    let ms = Duration::from_secs_f64(pair.window.seconds()).as_millis();
    let (what, left) = match slot.safe_wal_bytes {
        Some(left) => ("the slot is lost", u64::try_from(left).ok()),
        None => ("the disk of pg_wal is full", server.wal_disk.seen().ok().map(|it| it.free_bytes)),
    };
    let seconds = left.filter(|_| ms >= ETA_MS_MIN).map(|left| {
        u64::try_from(u128::from(left) * ms / u128::from(grown) / 1_000).unwrap_or(u64::MAX)
    });
    seconds.map_or_else(
        || format!("its consumer falls behind, until {what}"),
        |it| {
            format!(
                "its consumer falls behind, and in about {} {what}",
                told(Duration::from_secs(it))
            )
        },
    )
}

fn fault(pair: &Pair<'_, Postgres>, server: &Postgres, slot: &PostgresSlot, grown: u64) -> Fault {
    let PostgresSlot { name, inactive_s, .. } = slot;
    let seconds = pair.window.seconds();
    let since =
        inactive_s.map_or_else(String::new, |it| format!(" for {}", told(Duration::from_secs(it))));
    let kept = slot.retained_bytes.map_or_else(String::new, |it| format!("; it keeps {it}"));
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("postgres {} slot {name}", pair.server.at)),
        observed: format!(
            "nobody reads from slot \"{name}\"{since}, and {grown} bytes of WAL were written in {seconds:.1} s{kept}"
        ),
        impact: end(pair, server, slot, grown),
        fix: format!(
            "start its consumer; only if that is gone for good: SELECT pg_drop_replication_slot({});",
            literal(name)
        ),
        actions: Vec::new(),
        risk:
            "a slot that is dropped cannot be had back: its consumer needs a new copy of everything"
                .to_owned(),
        reversible: false,
        evidence: vec![
            Evidence {
                probe: format!("pg_replication_slots {name}, both looks"),
                value: format!(
                    "active=f restart_lsn={}",
                    slot.restart_lsn.as_deref().unwrap_or("?")
                ),
            },
            Evidence {
                probe: "pg_current_wal_lsn()".to_owned(),
                value: format!("+{grown} bytes in {seconds:.1} s"),
            },
        ],
        // Before 17 it may just be started again.
        confidence: if inactive_s.is_some() { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;

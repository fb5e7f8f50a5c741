//! P03: a slot keeps WAL for a consumer that does not come, until the disk is full.
//!
//! Source: the documentation of PostgreSQL, 26.2.6 (replication slots), 52.20 (`pg_replication_slots`). The shares of the disk are ours:
//! what a slot keeps is compared with what is left for the server, so that a large disk is not warned of for little.

use super::words::{Pace, binary, counted, literal, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresDisk, PostgresSlot};

/// Of what is free and what it keeps, a slot that keeps this share is a warning.
const WARNING_PERCENT: u64 = 10;

/// As much as is left: it may double, and then the disk is full.
const CRITICAL_PERCENT: u64 = 50;

/// What a slot keeps that was read from a moment ago, in segments of WAL: never a fault.
const SEGMENTS_KEPT: u64 = 2;

pub(super) static CHECK: Check = Check {
    id: "P03",
    title: "a replication slot keeps WAL for a consumer that does not come",
    severity: Severity::Critical,
    needs: "pg_monitor and root on its machine, to see what is left on the disk",
    expected: "no slot without a consumer keeps WAL in an amount that matters on its disk",
    guardrail: "max_slot_wal_keep_size: the slot is then given up before the disk is full; alert on pg_replication_slots_pg_wal_lsn_diff (postgres_exporter)",
    probes: &[
        "pg_replication_slots, pg_current_wal_lsn()",
        "pg_settings: max_slot_wal_keep_size, wal_segment_size",
        "statvfs of pg_wal, if the server is on this machine",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-orphan-slot-wal-retention", "pg-replication-slot-wal-400gb"],
    page: Page {
        symptom: "pg_wal grows day by day, and neither checkpoints nor the archive make it smaller. When the disk is full the server stops with a PANIC, and does not start again until there is space.",
        culprit: "A slot promises its consumer that everything since a place in the WAL is kept. Of a consumer that was switched off, or a connector that was deleted without its slot, the promise stays for ever.",
        proof: "What each slot keeps is the distance from its restart_lsn to the end of the WAL. It is held against what is free on the disk of pg_wal: a warning if a slot that nobody reads from keeps a tenth of both together, critical if it keeps as much as is left. One that is read from and keeps as much as is left is a warning: its consumer is too slow. Where max_slot_wal_keep_size sets a limit for which the disk has room, the disk is safe and the slot is what is lost: then wal_status is judged. If the free space cannot be seen, a slot without a consumer is told as not looked at.",
        fix: "Start the consumer: the slot then moves on and the server removes the WAL at the next checkpoint. If the consumer is gone for good, SELECT pg_drop_replication_slot('NAME'). Do not remove files from pg_wal by hand: the server needs them to start. With the disk already full, free space elsewhere on it first, then start the server and drop the slot.",
        cost: "A slot that was dropped cannot be had back at its place: the consumer needs a new copy of everything. With max_slot_wal_keep_size the same happens by itself to a consumer that is away too long.",
        lab: "A server whose WAL is on a small disk in memory, with a slot that nobody reads from, and writes; mended by dropping the slot.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let slots = server.slots.seen()?;
    let segment: u64 = number(server.setting("wal_segment_size"))?.unwrap_or(16 << 20);
    // Before 13 there is no such limit; -1 is none.
    let limit = server.setting("max_slot_wal_keep_size").ok().filter(|limit| *limit != "-1");
    let disk = server.wal_disk.seen();
    let (mut faults, mut unseen) = (Vec::new(), None);
    for slot in slots.iter().filter(|slot| !slot.temporary) {
        if slot.wal_status.as_deref() == Some("lost") {
            faults.push(lost(slot));
            continue;
        }
        let kept = slot.retained_bytes.and_then(|kept| u64::try_from(kept).ok()).unwrap_or(0);
        if kept < segment.saturating_mul(SEGMENTS_KEPT) {
            continue;
        }
        if let Some(limit) = limit.filter(|limit| is_below(limit, kept, disk.as_ref().ok())) {
            faults.extend(ending(slot, kept, limit));
            continue;
        }
        match &disk {
            Ok(disk) => faults.extend(filling(pair, slot, kept, disk)),
            Err(blind) if !slot.active => unseen = Some(blind.clone()),
            Err(_) => {}
        }
    }
    let most = slots.iter().filter_map(|slot| slot.retained_bytes).max().unwrap_or(0);
    let most = binary(u64::try_from(most).unwrap_or(0));
    let observed = format!(
        "{}, of which none keeps more than {most}",
        counted(slots.len() as u64, "slot", "slots")
    );
    Ok(Verdict { observed, faults, unseen })
}

/// Whether a limit, in MB, comes before the disk is full; where the disk cannot be seen it is taken to.
fn is_below(limit: &str, kept: u64, disk: Option<&&PostgresDisk>) -> bool {
    disk.is_none_or(|disk| {
        let room = kept.saturating_add(disk.free_bytes);
        limit.parse::<u64>().is_ok_and(|mb| mb.saturating_mul(1 << 20) <= room)
    })
}

/// The number that a setting holds; none if the version does not have it.
fn number<T: std::str::FromStr>(setting: Result<&str, Blind>) -> Result<Option<T>, Blind> {
    match setting {
        Ok(text) => Ok(text.parse().ok()),
        Err(Blind::Absent(_)) => Ok(None),
        Err(blind) => Err(blind),
    }
}

/// Without a limit the disk is at stake.
fn filling(
    pair: &Pair<'_, Postgres>,
    slot: &PostgresSlot,
    kept: u64,
    disk: &PostgresDisk,
) -> Option<Fault> {
    let PostgresDisk { folder, free_bytes: free, .. } = disk;
    let percent =
        u64::try_from(u128::from(kept) * 100 / u128::from(kept + free).max(1)).unwrap_or(100);
    let severity = match (slot.active, percent) {
        (false, CRITICAL_PERCENT..) => Severity::Critical,
        (false, WARNING_PERCENT..) | (true, CRITICAL_PERCENT..) => Severity::Warning,
        _ => return None,
    };
    let grown = pair.growth("WAL", |it| Ok(it.wal_place.seen()?.end)).unwrap_or(0);
    let seconds = pair.window.seconds();
    let when = Pace::of(grown, seconds).map(|pace| {
        let (left, rate) = (span(pace.time_for(*free)), binary(pace.per_second()));
        format!(" in about {left} ({rate}/s over {seconds:.0} s)")
    });
    let PostgresSlot { name, active, .. } = slot;
    let inactive = slot.inactive_s.map_or_else(String::new, |s| format!(" for {}", span(s)));
    let observed = if *active {
        format!(
            "slot \"{name}\" is read from too slowly: it keeps {} of WAL, {} are free",
            binary(kept),
            binary(*free)
        )
    } else {
        format!(
            "slot \"{name}\" inactive{inactive} keeps {} of WAL, {} are free",
            binary(kept),
            binary(*free)
        )
    };
    Some(Fault {
        severity,
        aspect: active.then_some("behind"),
        observed,
        impact: format!(
            "{folder} is full{}; then the server stops",
            when.as_deref().unwrap_or(", some time")
        ),
        ..fault(slot)
    })
}

/// With a limit the slot is at stake.
fn ending(slot: &PostgresSlot, kept: u64, limit: &str) -> Option<Fault> {
    let is_near = slot.wal_status.as_deref() == Some("unreserved");
    is_near.then(|| Fault {
        severity: Severity::Warning,
        aspect: Some("limit"),
        observed: format!("slot \"{}\" keeps {} of WAL, more than max_slot_wal_keep_size ({limit} MB) lets it", slot.name, binary(kept)),
        impact: "a checkpoint may remove what its consumer has not read: it then needs a new copy of everything".to_owned(),
        fix: "start its consumer, or raise max_slot_wal_keep_size while the disk has room: ALTER SYSTEM SET max_slot_wal_keep_size = 'SIZE'; SELECT pg_reload_conf();".to_owned(),
        actions: Vec::new(),
        risk: "a higher limit takes as much more of the disk; undone by setting it back".to_owned(),
        reversible: true,
        ..fault(slot)
    })
}

/// What its consumer needs is gone.
fn lost(slot: &PostgresSlot) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("lost"),
        observed: format!(
            "slot \"{}\" is lost: WAL that its consumer had not read was removed",
            slot.name
        ),
        impact: "its consumer cannot go on, and misses what was written since".to_owned(),
        ..fault(slot)
    }
}

fn fault(slot: &PostgresSlot) -> Fault {
    let told = [
        Some(format!("active={}", if slot.active { "t" } else { "f" })),
        slot.restart_lsn.as_ref().map(|lsn| format!("restart_lsn={lsn}")),
        slot.retained_bytes.map(|bytes| format!("kept={bytes}")),
        slot.wal_status.as_ref().map(|status| format!("wal_status={status}")),
    ];
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("slot {}", slot.name)),
        observed: String::new(),
        impact: String::new(),
        fix: format!(
            "start its consumer; only if that is gone for good: SELECT pg_drop_replication_slot({});",
            literal(&slot.name)
        ),
        actions: Vec::new(),
        risk:
            "a slot that is dropped cannot be had back: its consumer needs a new copy of everything"
                .to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_replication_slots {}", slot.name),
            value: told.into_iter().flatten().collect::<Vec<_>>().join(" "),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

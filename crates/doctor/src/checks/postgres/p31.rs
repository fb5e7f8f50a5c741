//! P31: a consumer of replication cannot go on: its slot is lost, or its subscription is off or fails.
//!
//! Source: the documentation of PostgreSQL, 54.20 (`pg_replication_slots`: `wal_status`, from 17 on `invalidation_reason` and `failover`), 53.54
//! (`pg_subscription`), 28.2 (`pg_stat_subscription_stats`).

use super::words::{counted, literal, quoted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSlot, PostgresSubscription};

pub(super) static CHECK: Check = Check {
    id: "P31",
    title: "a replication slot is lost, or a subscription is off or fails",
    severity: Severity::Critical,
    needs: "nothing; version 13 for slots; before 14 SELECT (oid) on pg_subscription, if there are subscriptions",
    expected: "each slot can still be used, and each subscription is enabled and applies changes",
    guardrail: "alert on pg_replication_slots_wal_status{wal_status=\"lost\"}, and on pg_stat_subscription_stats (queries of your own for postgres_exporter)",
    probes: &[
        "pg_replication_slots: wal_status (13 and later), invalidation_reason, failover (17 and later)",
        "pg_subscription: subname, subenabled, of the database that was asked; never subconninfo",
        "pg_stat_subscription: pid; pg_stat_subscription_stats: errors (15 and later)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A replica, a warehouse or a stream of changes stands still at a moment in the past, and nobody is told; its consumer cannot connect any more, or tries again every few seconds.",
        culprit: "The server has removed WAL or rows that a slot still needed (max_slot_wal_keep_size, a long outage, vacuum on a standby): nothing brings that back. Or a subscription was disabled, by hand or by an error (disable_on_error), or each try to apply a change fails with the same error: a row that is there already, a column that is missing.",
        proof: "wal_status lost, or an invalidation_reason: critical. A subscription that is disabled, whose worker is at neither look there though it is enabled, or whose errors grew: a warning. From 17 on, for information: logical slots that are not for standbys, too, though there is one: a switch to it loses their place.",
        fix: "For a lost slot: drop it and make it anew; a logical consumer has to copy everything again, a standby has to be made anew, unless it finds the WAL in an archive. For a subscription: read the error in the log of this server, mend the row or the column, then ALTER SUBSCRIPTION ... ENABLE. Skipping the transaction (ALTER SUBSCRIPTION ... SKIP) leaves its changes out for good.",
        cost: "Copying again takes as long as it did at first, and changes between are seen only as their result. A disabled subscription keeps WAL on its publisher (P03 there).",
        lab: "A slot that nobody reads, max_slot_wal_keep_size of 1 MB, and more WAL than that; mended by dropping it.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let slots = server.slots.seen()?;
    let subscriptions = server.subscriptions.seen();
    if slots.is_empty() && subscriptions.as_ref().is_ok_and(|all| all.is_empty()) {
        return Err(Blind::OutOfPlace("there is neither a slot nor a subscription".to_owned()));
    }
    let mut faults: Vec<Fault> = slots.iter().filter_map(lost).collect();
    faults.extend(not_on_standbys(server, slots));
    let mut unseen = None;
    // A standby has the subscriptions of its primary, and works on none of them.
    let is_standby = server.identity.seen().is_ok_and(|it| it.in_recovery);
    for it in subscriptions.iter().filter(|_| !is_standby).flat_map(|all| all.iter()) {
        match subscription(pair, it) {
            Ok(fault) => faults.extend(fault),
            Err(blind) => unseen = Some(blind),
        }
    }
    if slots.iter().any(|slot| slot.wal_status.is_none() && slot.restart_lsn.is_some()) {
        let old = "wal_status of slots before version 13: whether one is lost cannot be known";
        unseen = Some(Blind::Absent(old.to_owned()));
    }
    Ok(Verdict {
        observed: counted(slots.len() as u64, "slot is kept", "slots are kept"),
        faults,
        unseen: subscriptions.err().or(unseen),
    })
}

fn lost(slot: &PostgresSlot) -> Option<Fault> {
    let PostgresSlot { name, kind, wal_status, invalidation, .. } = slot;
    let reason = invalidation.as_ref().filter(|it| !it.is_empty());
    let is_lost = wal_status.as_deref() == Some("lost");
    if !is_lost && reason.is_none() {
        return None;
    }
    let why = reason.map_or_else(|| "WAL that it needs was removed".to_owned(), Clone::clone);
    let again = if kind == "logical" {
        "its consumer has to copy everything again, and has missed what changed since"
    } else {
        "its standby has to be made anew, unless it finds the WAL in an archive"
    };
    let literal = literal(name);
    Some(Fault {
        severity: Severity::Critical,
        aspect: Some("lost"),
        at: Some(format!("slot {name}")),
        observed: format!("{kind} slot is lost: {why}"),
        impact: format!("it cannot be used any more: {again}"),
        fix: format!("SELECT pg_drop_replication_slot({literal}); and make slot and consumer anew"),
        actions: Vec::new(),
        risk: "none for this slot, which is of no use; that of its consumer, which begins anew"
            .to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_replication_slots {name}"),
            value: format!(
                "wal_status={} invalidation_reason={}",
                wal_status.as_deref().unwrap_or("NULL"),
                reason.map_or("NULL", String::as_str)
            ),
        }],
        confidence: Confidence::High,
    })
}

/// Logical slots that a switch to a standby would lose.
fn not_on_standbys(server: &Postgres, slots: &[PostgresSlot]) -> Option<Fault> {
    let logical = |slot: &&PostgresSlot| slot.kind == "logical" && !slot.temporary;
    let readers: Vec<_> = slots.iter().filter(logical).filter_map(|slot| slot.active_pid).collect();
    // Who is sent WAL and reads no logical slot.
    let has_standby = server.senders.seen().is_ok_and(|all| {
        all.iter().any(|it| !readers.contains(&it.pid) && it.state.as_deref() == Some("streaming"))
    });
    let names: Vec<_> = slots
        .iter()
        .filter(logical)
        .filter(|slot| slot.failover == Some(false))
        .map(|slot| slot.name.as_str())
        .collect();
    if !has_standby || names.is_empty() {
        return None;
    }
    Some(Fault {
        severity: Severity::Info,
        aspect: Some("failover"),
        at: None,
        observed: format!("logical {} {} not kept on standbys", if names.len() == 1 { "slot" } else { "slots" }, names.join(", ")),
        impact: "after a switch to a standby their consumers have to copy everything again".to_owned(),
        fix: "for a subscription ALTER SUBSCRIPTION ... SET (failover = true) while it is disabled; on the standby sync_replication_slots = on, hot_standby_feedback = on and a physical slot".to_owned(),
        actions: Vec::new(),
        risk: "with feedback the primary keeps dead rows for as long as the longest statement on the standby".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: "pg_replication_slots: failover".to_owned(), value: "f".to_owned() }],
        confidence: Confidence::High,
    })
}

fn subscription(
    pair: &Pair<'_, Postgres>,
    it: &PostgresSubscription,
) -> Result<Option<Fault>, Blind> {
    let PostgresSubscription { name, enabled, .. } = it;
    if !enabled {
        return Ok(Some(silent(name, "disabled", "it is disabled".to_owned(), "subenabled=f")));
    }
    let before = pair.before()?.subscriptions.seen()?.iter().find(|other| other.name == *name);
    // One that was made between the looks has only begun.
    let Some(before) = before else { return Ok(None) };
    if it.runs == Some(false) && before.runs == Some(false) {
        let told = "it is enabled, and its worker was at neither look there".to_owned();
        return Ok(Some(silent(name, "failing", told, "pg_stat_subscription.pid=NULL")));
    }
    let errors = match (before.errors.seen(), it.errors.seen()) {
        (Ok(before), Ok(after)) => (before, after),
        // Before 15 nobody counts them; whether the worker runs was seen.
        (_, Err(Blind::Absent(_))) => return Ok(None),
        (Err(blind), _) | (_, Err(blind)) => return Err(blind),
    };
    let growth = |before: Option<u64>, after: Option<u64>| {
        crate::snapshot::growth("pg_stat_subscription_stats", before, after)
    };
    let failed = growth(errors.0.apply, errors.1.apply)? + growth(errors.0.sync, errors.1.sync)?;
    let seconds = pair.window.seconds();
    let told = format!("{} in {seconds:.1} s", counted(failed, "try failed", "tries failed"));
    let evidence = "pg_stat_subscription_stats: apply_error_count, sync_error_count";
    Ok((failed > 0).then(|| silent(name, "failing", told, evidence)))
}

fn silent(name: &str, aspect: &'static str, observed: String, value: &str) -> Fault {
    let enable = format!("ALTER SUBSCRIPTION {} ENABLE;", quoted(name));
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(format!("subscription {name}")),
        observed,
        impact: "changes do not arrive here, and its publisher keeps WAL for them until its disk is full or the slot is lost".to_owned(),
        fix: if aspect == "disabled" {
            format!("read in the log why, if nobody did it by intent; then {enable} if it is not needed, DROP SUBSCRIPTION {}; frees the publisher", quoted(name))
        } else {
            "read its error in the log of this server, and mend the row, the column or the connection that it names".to_owned()
        },
        actions: Vec::new(),
        risk: "a subscription that is enabled applies at once what has piled up".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: format!("pg_subscription {name}"), value: value.to_owned() }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

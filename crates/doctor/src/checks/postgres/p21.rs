//! P21: a large or a long transaction holds logical replication up.
//!
//! Source: the documentation of PostgreSQL, 28.2 (`pg_stat_replication_slots`), 20.4.1 (`logical_decoding_work_mem`), 47.2 (a slot keeps WAL
//! from the beginning of the oldest transaction that still runs).

use super::words::{counted, size, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSession, PostgresSlot};

/// For so long a transaction is open before it is called long.
const LONG_SECONDS: u64 = 600;

/// Of WAL that is kept though it was confirmed: as much as a default `max_wal_size`, which a disk has to have room for anyway.
const HELD_BYTES_MIN: i64 = 1 << 30;

pub(super) static CHECK: Check = Check {
    id: "P21",
    title: "a large or long transaction holds logical replication up",
    severity: Severity::Warning,
    needs: "pg_monitor, to name sessions; version 14, for what is spilled",
    expected: "transactions fit logical_decoding_work_mem, and none stays open for long beside a logical slot",
    guardrail: "bulk changes in parts of some thousand rows; alert on rate(pg_stat_replication_slots_spill_bytes[5m]) > 0 (a query of your own for postgres_exporter)",
    probes: &[
        "pg_stat_replication_slots: spill_txns, spill_bytes (14 and later)",
        "pg_replication_slots: retained and unconfirmed bytes of logical slots",
        "pg_stat_activity: transactions with a number of their own",
        "pg_settings: logical_decoding_work_mem",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-logical-decoding-huge-transaction"],
    page: Page {
        symptom: "A stream of changes stands still for minutes or hours, then delivers millions of rows at once; meanwhile WAL piles up though its consumer is there and idle.",
        culprit: "Changes are sent once their transaction commits. Until then the decoder keeps them, in memory up to logical_decoding_work_mem and beyond that in files, and WAL is kept from the beginning of the oldest open transaction on. After a reconnect all of that is decoded again.",
        proof: "Aspect spill: spill_bytes of a slot grew between the looks by at least logical_decoding_work_mem. Aspect held: an active logical slot keeps at least 1 GiB that its consumer has confirmed, and a transaction that has written is open for more than ten minutes: it is named. Totals are no fault.",
        fix: "End the transaction, or let it commit, and split the next one into parts of some thousand rows. For spills that cannot be avoided: a larger logical_decoding_work_mem, or a subscription with streaming = on (14 and later).",
        cost: "Ending a session undoes its transaction, which for a large one leaves as many dead rows. More memory is taken by each walsender. Streaming sends also what is rolled back later.",
        lab: "A slot with logical_decoding_work_mem of 64 kB, and a transaction of thousands of rows that is decoded; mended by more memory.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let slots: Vec<_> = server.slots.seen()?.iter().filter(|it| it.kind == "logical").collect();
    if slots.is_empty() {
        return Err(Blind::OutOfPlace("there is no logical slot".to_owned()));
    }
    let mut faults: Vec<Fault> = Vec::new();
    let spilled = spills(pair);
    if let Ok(spilled) = &spilled {
        faults.extend(spilled.iter().cloned());
    }
    let sessions = server.sessions.seen();
    if let Ok(sessions) = &sessions {
        let longest = sessions.iter().filter(|it| is_long(it)).max_by_key(|it| it.transaction_s);
        faults.extend(
            longest.iter().flat_map(|session| slots.iter().filter_map(|slot| held(slot, session))),
        );
    }
    Ok(Verdict {
        observed: format!(
            "nothing holds {} up",
            counted(slots.len() as u64, "logical slot", "logical slots")
        ),
        faults,
        unseen: spilled.err().or(sessions.err()),
    })
}

/// Slots for which more was written to files than their memory holds.
fn spills(pair: &Pair<'_, Postgres>) -> Result<Vec<Fault>, Blind> {
    let server = pair.after()?;
    let text = server.setting("logical_decoding_work_mem")?;
    let memory_kb: u64 = text
        .parse()
        .map_err(|error| Blind::Failed(format!("logical_decoding_work_mem is {text}: {error}")))?;
    let mut faults = Vec::new();
    for it in server.decoding.seen()? {
        let before = pair.before()?.decoding.seen()?.iter().find(|other| other.slot == it.slot);
        // A slot that was made between the looks has counted from nothing.
        let since =
            |of: fn(&crate::snapshot::PostgresDecoding) -> Option<u64>| before.map_or(Some(0), of);
        let name = format!("spill_bytes of slot {}", it.slot);
        let bytes = crate::snapshot::growth(&name, since(|it| it.spill_bytes), it.spill_bytes)?;
        let txns = crate::snapshot::growth(&name, since(|it| it.spill_txns), it.spill_txns)?;
        if bytes > 0 && bytes >= memory_kb * 1024 {
            faults.push(spill(&it.slot, bytes, txns, memory_kb * 1024, pair.window.seconds()));
        }
    }
    Ok(faults)
}

fn spill(slot: &str, bytes: u64, txns: u64, memory: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("spill"),
        at: Some(format!("slot {slot}")),
        observed: format!(
            "{bytes} bytes of {} were written to files in {seconds:.1} s, as they did not fit {}",
            counted(txns, "more transaction", "more transactions"),
            size(memory)
        ),
        impact: "its consumer gets nothing until they are decoded, and all of it again after a reconnect".to_owned(),
        fix: "split such transactions into parts of some thousand rows; or ALTER SYSTEM SET logical_decoding_work_mem = '256MB'; SELECT pg_reload_conf(); (undo: RESET)".to_owned(),
        actions: Vec::new(),
        risk: "each walsender may take as much memory".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_replication_slots {slot}"),
            value: format!("spill_bytes {bytes} more, spill_txns {txns} more in {seconds:.1} s; logical_decoding_work_mem={} kB", memory / 1024),
        }],
        confidence: Confidence::High,
    }
}

/// One that has written: only such a one is decoded.
fn is_long(session: &PostgresSession) -> bool {
    session.xid_age.is_some() && session.transaction_s.is_some_and(|it| it > LONG_SECONDS)
}

fn held(slot: &PostgresSlot, session: &PostgresSession) -> Option<Fault> {
    let (retained, unconfirmed) = (slot.retained_bytes?, slot.unconfirmed_bytes?);
    let held = retained - unconfirmed;
    if !slot.active || held < HELD_BYTES_MIN {
        return None;
    }
    let told = |bytes: i64| size(u64::try_from(bytes).unwrap_or(0));
    let open = span(session.transaction_s.unwrap_or(0));
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("held"),
        at: Some(format!("slot {}", slot.name)),
        observed: format!(
            "{} are kept though its consumer confirmed all but {}; {} has a transaction open for {open}",
            told(retained),
            told(unconfirmed),
            session.name()
        ),
        impact: "WAL grows until that transaction ends, and a reconnect decodes all of it again"
            .to_owned(),
        fix: format!("have it commit, or SELECT pg_terminate_backend({});", session.pid),
        actions: Vec::new(),
        risk: "ending a session undoes its transaction, and its client gets an error".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_replication_slots {}, pg_stat_activity {}", slot.name, session.pid),
            value: format!("retained={retained} unconfirmed={unconfirmed} xact_start {open} ago"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

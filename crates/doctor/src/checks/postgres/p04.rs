//! P04: something holds back the horizon below which dead rows can be removed.
//!
//! Source: the documentation of PostgreSQL, 25.1.5 (what keeps rows from being frozen: sessions, prepared transactions, slots) and 27.4.2.1
//! (`hot_standby_feedback`); `GetOldestNonRemovableTransactionId` in `procarray.c`. A million transactions are ours: of a busy server some
//! minutes, in which a small table that is updated all the time grows a hundredfold.

use super::words::{literal, rough, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresSession, PostgresSlot};

/// So many transactions began since.
const HELD_XIDS: u64 = 1_000_000;

/// A session that is younger is one that works; of slots and others no time is known.
const SESSION_S: u64 = 300;

/// More are not told: the oldest is what holds back, and the next ones what would then.
const TOLD: usize = 3;

pub(super) static CHECK: Check = Check {
    id: "P04",
    title: "dead rows cannot be removed, as somebody may still see them",
    severity: Severity::Critical,
    needs: "pg_monitor",
    expected: "nothing holds a snapshot that a million transactions have begun since",
    guardrail: "alert on pg_stat_activity_max_tx_duration (postgres_exporter); idle_in_transaction_session_timeout and statement_timeout for roles",
    probes: &[
        "pg_stat_activity: age(backend_xmin), age(backend_xid)",
        "pg_replication_slots: age(xmin), age(catalog_xmin)",
        "pg_prepared_xacts",
        "pg_stat_replication: age(backend_xmin)",
        "pg_settings: autovacuum_freeze_max_age",
    ],
    proof: Proof::Lab,
    catalogue: &[
        "pg-hot-standby-feedback-bloat",
        "pg-idle-in-transaction",
        "pg-logical-decoding-huge-transaction",
        "pg-xid-wraparound",
    ],
    page: Page {
        symptom: "Tables and indexes grow, and autovacuum runs over them again and again without an effect: its log says \"dead row versions cannot be removed yet\". Queries over small tables become slow.",
        culprit: "A row that died is kept as long as any snapshot may still see it, in all tables of the database. One session that is open since yesterday, one prepared transaction that nobody committed, one slot without a consumer or one standby with hot_standby_feedback holds back all. In the end it holds back freezing as well, and the server stops accepting writes.",
        proof: "The age, in transactions, of each snapshot that is held: sessions that have been in their transaction for five minutes at least, prepared transactions, slots, and standbys with feedback. It fails from a million on, and is critical once it is older than autovacuum_freeze_max_age (200 million by default): nothing newer can then be frozen. The three oldest are told, as the next one holds back when the first is gone. A catalog_xmin holds back the catalogue only.",
        fix: "By what holds: a session, let it end or SELECT pg_terminate_backend(PID); a prepared transaction, ask who coordinates it and then COMMIT PREPARED or ROLLBACK PREPARED; a slot, start its consumer or drop it; a standby, end the long query there, or give its queries a max_standby_streaming_delay and do without hot_standby_feedback. Then VACUUM what has grown.",
        cost: "A session that is ended loses its work; a slot that is dropped cannot be had back; without feedback a standby cancels queries that are in the way of replay. Rolling back a prepared transaction that the others have committed breaks what it was part of.",
        lab: "A slot of logical decoding that nobody reads from, and a drawn number of transactions, from a million on, that the numbers of the server are moved on by while it is stopped; mended by dropping the slot.",
    },
    rule: Rule::Postgres(rule),
};

/// One that holds, and by how much.
struct Holder {
    age: u64,
    /// Where it is told.
    probe: &'static str,
    /// As it is named in a line.
    name: String,
    /// The end of the target.
    at: String,
    fix: String,
    risk: &'static str,
    held: &'static str,
}

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let limit: u64 = server.setting("autovacuum_freeze_max_age")?.parse().unwrap_or(200_000_000);
    let mut unseen = None;
    let mut holders = Vec::new();
    for found in [sessions(server), slots(server), prepared(server), standbys(server)] {
        match found {
            Ok((some, blind)) => {
                holders.extend(some);
                unseen = unseen.or(blind);
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    holders.sort_by_key(|it| std::cmp::Reverse(it.age));
    let oldest = holders.first().map_or(0, |it| it.age);
    let faults = holders.into_iter().filter(|it| it.age >= HELD_XIDS).take(TOLD);
    let faults = faults.map(|it| fault(it, limit)).collect();
    let observed =
        format!("the oldest snapshot that is held is {} transactions old", rough(oldest));
    Ok(Verdict { observed, faults, unseen })
}

type Found = Result<(Vec<Holder>, Option<Blind>), Blind>;

fn sessions(server: &Postgres) -> Found {
    let mut hidden = None;
    let mut holders = Vec::new();
    for session in server.sessions.seen()? {
        let PostgresSession { pid, transaction_s, xmin_age, xid_age, kind, .. } = session;
        let Some(age) = (*xmin_age).max(*xid_age).filter(|age| *age >= HELD_XIDS) else { continue };
        // A standby's is told beside the standby, and what a vacuum holds holds back nobody.
        if kind.as_deref() == Some("walsender") || is_vacuum(session) {
            continue;
        }
        let Some(open_s) = transaction_s else {
            let needs = format!(
                "to see for how long pid {pid} holds {} transactions: GRANT pg_monitor to the role",
                rough(age)
            );
            hidden = Some(Blind::Denied(needs));
            continue;
        };
        if *open_s < SESSION_S {
            continue;
        }
        let state = session.state.as_deref().unwrap_or("in a transaction");
        holders.push(Holder {
            age,
            probe: "pg_stat_activity",
            name: format!("{}, {state}, open for {},", session.name(), span(*open_s)),
            at: format!("pid {pid}"),
            fix: format!("let it end, or: SELECT pg_terminate_backend({pid});"),
            risk: "its transaction is rolled back, and its client sees a broken connection",
            held: "rows of all tables",
        });
    }
    Ok((holders, hidden))
}

/// A vacuum, for which rows are not kept though it shows a snapshot (`PROC_IN_VACUUM`); one that analyzes is taken for it as well.
fn is_vacuum(session: &PostgresSession) -> bool {
    session.kind.as_deref() == Some("autovacuum worker")
        || session.verb.as_deref() == Some("VACUUM")
}

fn slots(server: &Postgres) -> Found {
    let found = server.slots.seen()?.iter().filter_map(|slot| {
        let held = if slot.xmin_age >= slot.catalog_xmin_age { "rows of all tables" } else { "rows of the catalogue" };
        let state = if slot.active { "that is read from" } else { "that nobody reads from" };
        Some(Holder {
            age: slot.xmin_age.max(slot.catalog_xmin_age)?,
            probe: "pg_replication_slots",
            name: format!("slot \"{}\", {state},", slot.name),
            at: format!("slot {}", slot.name),
            fix: remedy(slot),
            risk: if slot.active {
                "a statement that is ended on the standby fails there"
            } else {
                "a slot that is dropped cannot be had back: its consumer needs a new copy of everything"
            },
            held,
        })
    });
    Ok((found.collect(), None))
}

/// One that is read from is in use: what holds it is at the other end.
fn remedy(slot: &PostgresSlot) -> String {
    match (slot.active, slot.kind.as_str()) {
        (true, "physical") => "a query on the standby that reads from it holds it (hot_standby_feedback): end it there, or set max_standby_streaming_delay and feedback off there".to_owned(),
        (true, _) => "its consumer is behind, or a long transaction holds it: see P21".to_owned(),
        (false, _) => format!(
            "start its consumer; only if that is gone for good: SELECT pg_drop_replication_slot({});",
            literal(&slot.name)
        ),
    }
}

fn prepared(server: &Postgres) -> Found {
    let found = server.prepared.seen()?.iter().map(|it| Holder {
        age: it.xid_age,
        probe: "pg_prepared_xacts",
        name: format!("prepared transaction \"{}\" of \"{}\", since {},", it.name, it.role, span(it.prepared_s)),
        at: format!("prepared {}", it.name),
        fix: format!(
            "ask its coordinator, then in database \"{}\": COMMIT PREPARED {name}; or ROLLBACK PREPARED {name};",
            it.database,
            name = literal(&it.name)
        ),
        risk: "ended otherwise than its coordinator decided, it breaks what it was part of",
        held: "rows of all tables",
    });
    Ok((found.collect(), None))
}

fn standbys(server: &Postgres) -> Found {
    let senders = server.senders.seen()?;
    let found = senders.iter().filter_map(|it| {
        let name = it.application.as_deref().unwrap_or("without a name");
        Some(Holder {
            age: it.xmin_age?,
            probe: "pg_stat_replication",
            name: format!("standby \"{name}\" by hot_standby_feedback"),
            at: format!("standby {name}"),
            fix: "find the long query in pg_stat_activity of the standby and let it end there".to_owned(),
            risk: "without hot_standby_feedback the standby cancels queries that are in the way of replay",
            held: "rows of all tables",
        })
    });
    // What a standby holds is not told without its state.
    let hidden = senders.iter().any(|it| it.state.is_none() && it.xmin_age.is_none());
    let blind = Blind::Denied("to see what standbys hold: GRANT pg_monitor to the role".to_owned());
    Ok((found.collect(), hidden.then_some(blind)))
}

fn fault(holder: Holder, limit: u64) -> Fault {
    let Holder { age, probe, name, at, fix, risk, held } = holder;
    let is_freeze_blocked = age > limit;
    Fault {
        severity: if is_freeze_blocked { Severity::Critical } else { Severity::Warning },
        aspect: None,
        observed: format!("{name} holds {held} that died in the last {} transactions", rough(age)),
        impact: if is_freeze_blocked {
            "nothing newer can be frozen: the server refuses writes when 2.1 G are reached; until then tables grow".to_owned()
        } else {
            "what dies in them stays: tables and indexes grow, and queries over them become slower"
                .to_owned()
        },
        fix,
        actions: Vec::new(),
        risk: risk.to_owned(),
        reversible: false,
        evidence: vec![Evidence { probe: format!("{probe} {at}"), value: format!("age={age}") }],
        at: Some(at),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;

//! P02: the numbers of transactions run out, and the server refuses to write.
//!
//! Source: the documentation of PostgreSQL, 25.1.5, `vacuum_failsafe_age`; `SetTransactionIdLimit` in `varsup.c` (the server stops 3 million
//! before the end, 1 million before 14); `MULTIXACT_MEMBER_SAFE_THRESHOLD` and `MULTIXACT_MEMBER_DANGER_THRESHOLD` in `multixact.c`.
//! All databases are judged, not only the one that was asked.

use super::words::{Pace, rough, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresDatabase};

/// The oldest that is not frozen may be so old.
const END: u64 = (1 << 31) - 1;

/// Of 14 and later, before the end.
const STOP: u64 = 3_000_000;

/// With less left it is critical, whatever the settings say.
const LEFT: u64 = 100_000_000;

/// Of versions before 14, and if it is not told.
const FAILSAFE: u64 = 1_600_000_000;

/// All members of multixacts together, of 32 bits; from a half of it on vacuum hurries, from three quarters on it is in danger.
const MEMBERS: u64 = 1 << 32;

/// In a file of 32 pages, each of 409 groups of four.
const MEMBERS_IN_FILE: u64 = 32 * 409 * 4;

/// With fewer multixacts than that, each would need two thousand members to matter.
const MULTIXACTS_THAT_MATTER: u64 = 1_000_000;

pub(super) static CHECK: Check = Check {
    id: "P02",
    title: "numbers of transactions run out: the server will refuse to write",
    severity: Severity::Critical,
    needs: "nothing; a superuser for the members of multixacts, where there are many",
    expected: "no database is older than 1.5 times autovacuum_freeze_max_age, in transactions or in multixacts",
    guardrail: "alert on pg_database_wraparound_age_datfrozenxid_seconds (postgres_exporter) above 1.5 times autovacuum_freeze_max_age; vacuum_failsafe_age",
    probes: &[
        "pg_database: age(datfrozenxid), mxid_age(datminmxid)",
        "pg_settings: autovacuum_freeze_max_age, autovacuum_multixact_freeze_max_age, vacuum_failsafe_age, vacuum_multixact_failsafe_age",
        "pg_ls_dir('pg_multixact/members'): how many files",
        "txid_current_snapshot()",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-xid-wraparound"],
    page: Page {
        symptom: "Warnings in the log that a database must be vacuumed within so many transactions, and at last errors for every write: \"database is not accepting commands that assign new XIDs\". Reads go on.",
        culprit: "Transactions have numbers of 32 bits. Rows that are older than two thousand million of them have to be frozen before, which vacuum does. It does not keep up, or cannot freeze as an old snapshot is held (P04), or is switched off (P08). The same for multixacts, which are sets of transactions that lock one row, and for their members.",
        proof: "The age of each database. The server itself starts to freeze at autovacuum_freeze_max_age (200 million), so an age of 1.5 times that says that it does not keep up: a warning. Beyond vacuum_failsafe_age (1600 million; never taken as less than 1.05 times the first), or with less than 100 million left, it is critical. Members are counted by their files: a warning from half of their 32 bits on, critical from three quarters on. Of ordinary activity the age goes up and down below 200 million, and that is no fault.",
        fix: "First take away what holds back freezing: see P04. Then, in that database, VACUUM (VERBOSE) the tables with the highest age(relfrozenxid), the largest last; from 14 on with INDEX_CLEANUP off if time is short. Not VACUUM FREEZE, which does more than is needed now. On a standby nothing can be done: on its primary. Do not restart in single-user mode: an ordinary VACUUM works even when the server refuses writes.",
        cost: "It reads the whole table and writes what it freezes, so the disk is busy and standbys get much WAL; no lock that stops reads or writes. vacuum_cost_delay makes it slower and gentler.",
        lab: "A server with a slot that holds back freezing, whose numbers are moved on while it is stopped, to a drawn age; mended by dropping the slot and freezing.",
    },
    rule: Rule::Postgres(rule),
};

/// The two numbers that can run out, and their limits.
struct Kind {
    aspect: &'static str,
    what: &'static str,
    freeze: u64,
    failsafe: u64,
    age: fn(&PostgresDatabase) -> Option<u64>,
}

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let databases = server.databases.seen()?;
    let kinds = [
        Kind {
            aspect: "xid",
            what: "transactions",
            freeze: number(server, "autovacuum_freeze_max_age")?,
            failsafe: failsafe(server, "vacuum_failsafe_age")?,
            age: |it| it.xid_age,
        },
        Kind {
            aspect: "multixact",
            what: "multixacts",
            freeze: number(server, "autovacuum_multixact_freeze_max_age")?,
            failsafe: failsafe(server, "vacuum_multixact_failsafe_age")?,
            age: |it| it.multixact_age,
        },
    ];
    let mut faults = Vec::new();
    for kind in &kinds {
        faults.extend(databases.iter().filter_map(|it| old(pair, kind, it)));
    }
    let oldest = |kind: &Kind| databases.iter().filter_map(kind.age).max();
    let ages = [oldest(&kinds[0]), oldest(&kinds[1])];
    let [Some(xids), Some(multixacts)] = ages else {
        return Err(Blind::Absent("age of a database".to_owned()));
    };
    let unseen = match server.multixact_files.seen() {
        Ok(files) => {
            faults.extend(members(files.count * MEMBERS_IN_FILE));
            None
        }
        Err(blind) => (multixacts >= MULTIXACTS_THAT_MATTER).then_some(blind),
    };
    let observed = format!(
        "the oldest database is {} transactions and {} multixacts old",
        rough(xids),
        rough(multixacts)
    );
    Ok(Verdict { observed, faults, unseen })
}

fn number(server: &Postgres, name: &str) -> Result<u64, Blind> {
    let text = server.setting(name)?;
    text.parse().map_err(|error| Blind::Failed(format!("{name} is no number, {text}: {error}")))
}

fn failsafe(server: &Postgres, name: &str) -> Result<u64, Blind> {
    match number(server, name) {
        Err(Blind::Absent(_)) => Ok(FAILSAFE),
        other => other,
    }
}

fn old(pair: &Pair<'_, Postgres>, kind: &Kind, of: &PostgresDatabase) -> Option<Fault> {
    let Kind { aspect, what, freeze, failsafe, age } = kind;
    let (name, age) = (of.name.as_ref()?, age(of)?);
    // As vacuum itself takes it.
    let failsafe = (*failsafe).max(freeze * 105 / 100);
    let severity = if age > failsafe || END - age.min(END) < LEFT {
        Severity::Critical
    } else if age * 2 > freeze * 3 {
        Severity::Warning
    } else {
        return None;
    };
    let left = END.saturating_sub(age).saturating_sub(STOP);
    let seconds = pair.window.seconds();
    let grown = pair.growth("transactions", |it| Ok(Some(it.wal_place.seen()?.next_xid)));
    let pace = Pace::of(grown.unwrap_or(0), seconds).filter(|_| *aspect == "xid");
    let when = pace.map_or_else(String::new, |pace| {
        let (left, rate) = (span(pace.time_for(left)), pace.per_second());
        format!(", in about {left} at {rate}/s over {seconds:.0} s")
    });
    let by = if *aspect == "multixact" { 3 } else { 2 };
    let how = if of.connectable == Some(false) {
        format!(
            "database {name} takes no connections: autovacuum freezes it, so have it on; see P04 for what holds it back"
        )
    } else {
        format!(
            "see P04 for what holds it back; then in database {name}, oldest tables first: SELECT oid::regclass, age(relfrozenxid), mxid_age(relminmxid) FROM pg_class WHERE relkind IN ('r','m','t') ORDER BY {by} DESC LIMIT 20; VACUUM (VERBOSE) TABLE; on a standby: on its primary"
        )
    };
    Some(Fault {
        severity,
        aspect: Some(aspect),
        at: Some(format!("database {name}")),
        observed: format!("database \"{name}\" is {} {what} old, freezing starts at {}", rough(age), rough(*freeze)),
        impact: format!("the server refuses to write after {} more {what}{when}", rough(left)),
        fix: how,
        actions: Vec::new(),
        risk: "it reads the whole table and writes what it freezes: the disk is busy, standbys get much WAL".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: format!("pg_database {name}"), value: format!("{aspect} age={age}") }],
        confidence: Confidence::High,
    })
}

fn members(members: u64) -> Option<Fault> {
    let severity = match members {
        it if it >= MEMBERS / 4 * 3 => Severity::Critical,
        it if it >= MEMBERS / 2 => Severity::Warning,
        _ => return None,
    };
    Some(Fault {
        severity,
        aspect: Some("members"),
        at: None,
        observed: format!("{} of {} members of multixacts are in use", rough(members), rough(MEMBERS)),
        impact: "when they run out, statements that lock rows which others have locked fail".to_owned(),
        fix: "see P04 for what holds back; then VACUUM the tables with the highest mxid_age(relminmxid), in every database".to_owned(),
        actions: Vec::new(),
        risk: "it reads whole tables and writes what it freezes".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: "pg_ls_dir('pg_multixact/members')".to_owned(), value: format!("about {members} members") }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;

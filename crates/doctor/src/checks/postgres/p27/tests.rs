use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIdentity, Probed};

fn standby(version: u32, snapshot: u64, lock: u64, logicalslot: Option<u64>) -> Postgres {
    let conflicts = PostgresConflicts {
        tablespace: Some(7),
        lock: Some(lock),
        snapshot: Some(snapshot),
        bufferpin: Some(7),
        deadlock: Some(7),
        logicalslot,
    };
    let identity = PostgresIdentity { version, in_recovery: true, ..PostgresIdentity::default() };
    Postgres {
        identity: Probed::Seen(identity),
        conflicts: Probed::Seen(conflicts),
        ..Postgres::default()
    }
}

fn judged(before: Postgres, after: Postgres) -> Vec<Record> {
    ground::judge_postgres(&CHECK, 2, before, after)
}

#[test]
fn each_kind_that_grew_is_told_with_its_own_remedy() {
    let records = judged(standby(150_000, 3, 10, None), standby(150_000, 4, 12, None));
    let told: Vec<_> =
        records.iter().map(|it| (it.aspect, it.severity, it.observed.as_str())).collect();
    let rows = "1 statement was cancelled in 2.0 s: the primary vacuumed rows away that they might still have to see";
    let lock = "2 statements were cancelled in 2.0 s: the primary took an exclusive lock on a table that they read: DDL, or the end of a table that vacuum cut off";
    assert_eq!(
        told,
        [(Some("snapshot"), Severity::Warning, rows), (Some("lock"), Severity::Warning, lock)]
    );
    assert!(records[0].fix.contains("hot_standby_feedback"));
    assert!(records[1].fix.contains("vacuum_truncate"));
}

#[test]
fn totals_are_no_fault() {
    let records = judged(standby(150_000, 400, 12, None), standby(150_000, 400, 12, None));
    assert_eq!((records.len(), records[0].status), (1, Status::Pass));
}

#[test]
fn a_counter_that_its_version_should_have_and_has_not_is_not_fine() {
    let records = judged(standby(160_000, 3, 1, None), standby(160_000, 3, 1, None));
    assert_eq!(records[0].status, Status::Skip);
    let records = judged(standby(160_000, 3, 1, Some(0)), standby(160_000, 3, 1, Some(1)));
    assert_eq!((records[0].status, records[0].aspect), (Status::Fail, Some("logicalslot")));
}

#[test]
fn counters_that_were_set_back_are_not_known() {
    let records = judged(standby(150_000, 3, 1, None), standby(150_000, 0, 1, None));
    assert_eq!(records[0].status, Status::Skip);
}

#[test]
fn a_primary_has_no_such_conflicts() {
    let identity = PostgresIdentity { version: 150_000, ..PostgresIdentity::default() };
    let primary = || Postgres { identity: Probed::Seen(identity.clone()), ..Postgres::default() };
    assert_eq!(judged(primary(), primary())[0].status, Status::NotApplicable);
}

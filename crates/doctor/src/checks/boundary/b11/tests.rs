use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresDisk, PostgresIdentity, PostgresWalPlace, Probed};

fn slot() -> PostgresSlot {
    PostgresSlot {
        name: "orders".to_owned(),
        kind: "logical".to_owned(),
        restart_lsn: Some("0/1000000".to_owned()),
        retained_bytes: Some(700),
        ..PostgresSlot::default()
    }
}

fn server(slot: PostgresSlot, end: u64) -> Postgres {
    let place = PostgresWalPlace { end: Some(end), ..PostgresWalPlace::default() };
    let disk = PostgresDisk { folder: "/wal".to_owned(), free_bytes: 72_000, total_bytes: 90_000 };
    Postgres {
        identity: Probed::Seen(PostgresIdentity::default()),
        slots: Probed::Seen(vec![slot]),
        wal_place: Probed::Seen(place),
        wal_disk: Probed::Seen(disk),
        ..Postgres::default()
    }
}

fn judged(seconds: u64, before: Postgres, after: Postgres) -> Record {
    ground::judge_postgres(&CHECK, seconds, before, after).remove(0)
}

#[test]
fn a_slot_that_nobody_reads_from_while_wal_grows_is_told() {
    let record = judged(2, server(slot(), 1_000), server(slot(), 1_600));
    assert_eq!(
        record.observed,
        "nobody reads from slot \"orders\", and 600 bytes of WAL were written in 2.0 s; it keeps 700"
    );
    assert_eq!(record.target, "boundary postgres :5432 slot orders");
    assert_eq!(record.impact, "its consumer falls behind, until the disk of pg_wal is full");
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(judged(2, server(slot(), 1_600), server(slot(), 1_600)).status, Status::Pass);
}

#[test]
fn a_reader_in_either_look_or_a_place_that_moves_is_fine() {
    let read = || PostgresSlot { active: true, ..slot() };
    let moved = PostgresSlot { restart_lsn: Some("0/2000000".to_owned()), ..slot() };
    for (then, now) in [(read(), slot()), (slot(), read()), (slot(), moved)] {
        assert_eq!(judged(2, server(then, 1), server(now, 9)).status, Status::Pass);
    }
    let physical = || PostgresSlot { kind: "physical".to_owned(), ..slot() };
    let record = judged(2, server(physical(), 1), server(physical(), 9));
    assert_eq!(record.status, Status::NotApplicable);
}

#[test]
fn one_that_was_read_from_a_moment_ago_is_not_told() {
    let away = |s| PostgresSlot { inactive_s: Some(s), ..slot() };
    assert_eq!(judged(2, server(away(57), 1), server(away(59), 9)).status, Status::Pass);
    let record = judged(2, server(away(58), 1), server(away(60), 9));
    assert_eq!((record.status, record.confidence), (Status::Fail, Confidence::High));
    assert!(record.observed.starts_with("nobody reads from slot \"orders\" for 60 s,"));
}

#[test]
fn when_it_ends_is_told_of_a_minute_or_more() {
    let impact = |seconds, slot: fn() -> PostgresSlot| {
        judged(seconds, server(slot(), 0), server(slot(), 600)).impact
    };
    // 600 bytes in 60 s: 72,000 take two hours.
    let full = "its consumer falls behind, and in about 2 h the disk of pg_wal is full";
    assert_eq!(impact(60, slot), full);
    assert!(!impact(59, slot).contains("about"));
    let limited = || PostgresSlot { safe_wal_bytes: Some(6_000), ..slot() };
    let lost = "its consumer falls behind, and in about 10 min the slot is lost";
    assert_eq!(impact(60, limited), lost);
}

#[test]
fn a_standby_has_copies_and_what_is_not_seen_is_not_fine() {
    let standby = || {
        let identity = PostgresIdentity { in_recovery: true, ..PostgresIdentity::default() };
        Postgres { identity: Probed::Seen(identity), ..server(slot(), 1) }
    };
    assert_eq!(judged(2, standby(), standby()).status, Status::NotApplicable);
    let denied = Postgres { slots: Probed::Denied("pg_monitor".to_owned()), ..server(slot(), 9) };
    assert_eq!(judged(2, server(slot(), 1), denied).status, Status::Skip);
    assert_eq!(judged(2, Postgres::default(), server(slot(), 9)).status, Status::Skip);
}

use super::super::ground::{judged, line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::{PostgresWalPlace, Probed};

const MB: u64 = 1 << 20;

fn slot(kept_mb: u64) -> PostgresSlot {
    PostgresSlot {
        name: "debezium".to_owned(),
        kind: "logical".to_owned(),
        restart_lsn: Some("4A/81F00000".to_owned()),
        retained_bytes: i64::try_from(kept_mb * MB).ok(),
        wal_status: Some("extended".to_owned()),
        ..PostgresSlot::default()
    }
}

fn with(slot: PostgresSlot, free_mb: u64) -> Postgres {
    let disk =
        PostgresDisk { folder: "/pg_wal".to_owned(), free_bytes: free_mb * MB, total_bytes: 0 };
    let settings = [("wal_segment_size", "16777216"), ("max_slot_wal_keep_size", "-1")];
    Postgres { slots: Probed::Seen(vec![slot]), wal_disk: Probed::Seen(disk), ..server(&settings) }
}

fn severity(server: Postgres) -> Option<Severity> {
    let records = steady(&CHECK, server);
    records.iter().find(|it| it.status == Status::Fail).map(|it| it.severity)
}

#[test]
fn what_a_slot_without_consumer_keeps_is_held_against_what_is_left() {
    assert_eq!(severity(with(slot(99), 901)), None);
    assert_eq!(severity(with(slot(100), 900)), Some(Severity::Warning));
    assert_eq!(severity(with(slot(499), 501)), Some(Severity::Warning));
    assert_eq!(severity(with(slot(500), 500)), Some(Severity::Critical));
    // Two segments are kept of any slot.
    assert_eq!(severity(with(slot(31), 1)), None);
    assert_eq!(severity(with(slot(32), 1)), Some(Severity::Critical));
    assert_eq!(
        line(&CHECK, with(slot(412 * 1024), 431 * 1024)),
        "slot \"debezium\" inactive keeps 412.0 GB of WAL, 431.0 GB are free"
    );
}

#[test]
fn one_that_is_read_from_too_slowly_is_a_warning_and_a_temporary_one_goes_by_itself() {
    let active = PostgresSlot { active: true, ..slot(500) };
    let records = steady(&CHECK, with(active, 500));
    assert_eq!((records[0].severity, records[0].aspect), (Severity::Warning, Some("behind")));
    assert_eq!(severity(with(PostgresSlot { active: true, ..slot(499) }, 501)), None);
    assert_eq!(severity(with(PostgresSlot { temporary: true, ..slot(500) }, 1)), None);
}

#[test]
fn with_a_limit_the_slot_is_at_stake_and_not_the_disk() {
    let limited = |status: &str| {
        let slot = PostgresSlot { wal_status: Some(status.to_owned()), ..slot(500) };
        let settings = [("wal_segment_size", "16777216"), ("max_slot_wal_keep_size", "400")];
        Postgres { slots: Probed::Seen(vec![slot]), ..server(&settings) }
    };
    assert_eq!(severity(limited("extended")), None);
    let records = steady(&CHECK, limited("unreserved"));
    assert_eq!((records[0].severity, records[0].aspect), (Severity::Warning, Some("limit")));
    assert_eq!(steady(&CHECK, limited("lost"))[0].aspect, Some("lost"));
}

#[test]
fn a_disk_that_cannot_be_seen_is_not_fine_where_a_slot_keeps_something() {
    let blind =
        |kept| Postgres { wal_disk: Probed::Denied("root".to_owned()), ..with(slot(kept), 0) };
    assert_eq!(steady(&CHECK, blind(33))[0].status, Status::Skip);
    assert_eq!(steady(&CHECK, blind(31))[0].status, Status::Pass);
}

#[test]
fn when_the_disk_is_full_is_told_of_a_window_that_is_long_enough() {
    let at = |end| {
        let place = PostgresWalPlace { end: Some(end), ..PostgresWalPlace::default() };
        Postgres { wal_place: Probed::Seen(place), ..with(slot(500), 360) }
    };
    let impact = |seconds| judged(&CHECK, seconds, at(0), at(60 * MB))[0].impact.clone();
    assert_eq!(impact(59), "/pg_wal is full, some time; then the server stops");
    assert_eq!(
        impact(60),
        "/pg_wal is full in about 6 min (1.0 MB/s over 60 s); then the server stops"
    );
}

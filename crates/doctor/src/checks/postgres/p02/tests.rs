use super::super::ground::{judged, line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::{PostgresFiles, PostgresWalPlace, Probed};

fn with(xids: u64, multixacts: u64, files: Probed<PostgresFiles>) -> Postgres {
    let database = PostgresDatabase {
        name: Some("shop".to_owned()),
        connectable: Some(true),
        xid_age: Some(xids),
        multixact_age: Some(multixacts),
        ..PostgresDatabase::default()
    };
    let settings = [
        ("autovacuum_freeze_max_age", "200000000"),
        ("autovacuum_multixact_freeze_max_age", "400000000"),
        ("vacuum_failsafe_age", "1600000000"),
        ("vacuum_multixact_failsafe_age", "1600000000"),
    ];
    let databases = Probed::Seen(vec![PostgresDatabase::default(), database]);
    Postgres { databases, multixact_files: files, ..server(&settings) }
}

fn files(count: u64) -> Probed<PostgresFiles> {
    Probed::Seen(PostgresFiles { count, bytes: 0 })
}

fn aged(xids: u64, multixacts: u64) -> Postgres {
    with(xids, multixacts, files(1))
}

fn worst(server: Postgres) -> Option<(Severity, Option<&'static str>)> {
    let records = steady(&CHECK, server);
    records.iter().find(|it| it.status == Status::Fail).map(|it| (it.severity, it.aspect))
}

#[test]
fn that_freezing_does_not_keep_up_is_a_warning_and_the_failsafe_is_critical() {
    assert_eq!(worst(aged(300_000_000, 0)), None);
    assert_eq!(worst(aged(300_000_001, 0)), Some((Severity::Warning, Some("xid"))));
    assert_eq!(worst(aged(1_600_000_000, 0)), Some((Severity::Warning, Some("xid"))));
    assert_eq!(worst(aged(1_600_000_001, 0)), Some((Severity::Critical, Some("xid"))));
    assert_eq!(worst(aged(0, 600_000_000)), None);
    assert_eq!(worst(aged(0, 600_000_001)), Some((Severity::Warning, Some("multixact"))));
    assert_eq!(
        line(&CHECK, aged(1_199_999_284, 0)),
        "database \"shop\" is 1.19 G transactions old, freezing starts at 200.0 M"
    );
}

#[test]
fn with_a_hundred_million_left_it_is_critical_whatever_the_settings_are() {
    let lax = |age| {
        let mut server = aged(age, 0);
        let settings = crate::ground::seen(&mut server.settings);
        for name in ["autovacuum_freeze_max_age", "vacuum_failsafe_age"] {
            settings.get_mut(name).unwrap().setting = "2000000000".to_owned();
        }
        server
    };
    assert_eq!(worst(lax(END - LEFT)), None);
    assert_eq!(worst(lax(END - LEFT + 1)), Some((Severity::Critical, Some("xid"))));
}

#[test]
fn members_are_counted_by_their_files() {
    let warning = (MEMBERS / 2).div_ceil(MEMBERS_IN_FILE);
    assert_eq!(worst(with(0, 0, files(warning - 1))), None);
    assert_eq!(worst(with(0, 0, files(warning))), Some((Severity::Warning, Some("members"))));
    let critical = (MEMBERS / 4 * 3).div_ceil(MEMBERS_IN_FILE);
    assert_eq!(worst(with(0, 0, files(critical))), Some((Severity::Critical, Some("members"))));
    // As the server names them in its own source: 52352 in a file.
    assert_eq!(MEMBERS_IN_FILE, 52_352);
}

#[test]
fn members_that_may_not_be_counted_are_not_fine_where_there_are_many_multixacts() {
    let blind = |multixacts| with(0, multixacts, Probed::Denied("a superuser".to_owned()));
    assert_eq!(steady(&CHECK, blind(999_999))[0].status, Status::Pass);
    assert_eq!(steady(&CHECK, blind(1_000_000))[0].status, Status::Skip);
}

#[test]
fn when_it_ends_is_told_by_the_rate_of_a_window_that_is_long_enough() {
    let at = |next_xid| {
        let place = PostgresWalPlace { next_xid, ..PostgresWalPlace::default() };
        Postgres { wal_place: Probed::Seen(place), ..aged(END - STOP - 60_000_000, 0) }
    };
    let impact = |seconds| judged(&CHECK, seconds, at(1_000), at(61_000))[0].impact.clone();
    assert_eq!(impact(59), "the server refuses to write after 60.0 M more transactions");
    assert_eq!(
        impact(60),
        "the server refuses to write after 60.0 M more transactions, in about 16 h at 1000/s over 60 s"
    );
}

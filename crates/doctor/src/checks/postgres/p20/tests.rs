use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresCounters, PostgresIdentity, Probed, Window};

fn judged(day: u64, version: u32, counters: Probed<PostgresCounters>) -> Vec<Record> {
    let identity = Probed::Seen(PostgresIdentity { version, ..PostgresIdentity::default() });
    let server = Postgres { identity, counters, ..Postgres::default() };
    let before = ground::moment(day * DAY_MS, ground::host());
    let mut after = ground::moment(day * DAY_MS + 1_000, ground::host());
    after.postgres.push(ground::server(":5432", server));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn counters(up_seconds: u64, reset_seconds: Option<u64>) -> Probed<PostgresCounters> {
    Probed::Seen(PostgresCounters { database: "app".to_owned(), up_seconds, reset_seconds })
}

fn told(day: u64, version: u32) -> Option<(Severity, String)> {
    let records = judged(day, version, counters(100, None));
    let failed = records.into_iter().find(|it| it.status == Status::Fail);
    failed.map(|it| (it.severity, it.observed))
}

#[test]
fn a_version_is_told_from_the_day_of_its_final_release_on_and_before_it_for_information() {
    let ended = "version 15.20 got its final release on 2027-11-11".to_owned();
    assert_eq!(told(21_133, 150_020), Some((Severity::Warning, ended)));
    let near =
        |days: u64| format!("version 15.20 gets its final release in {days} d, on 2027-11-11");
    assert_eq!(told(21_132, 150_020), Some((Severity::Info, near(1))));
    assert_eq!(told(21_133 - 180, 150_020), Some((Severity::Info, near(180))));
    assert_eq!(told(21_133 - 181, 150_020), None);
    assert!(told(20_000, 110_000).unwrap().1.starts_with("version 11 got its final release"));
}

#[test]
fn days_are_those_that_are_written() {
    // 1970-01-01 and its distance: years of 365 days and the leap days between.
    for line in LINES {
        let mut parts = line.ends.split('-').map(|it| it.parse::<u64>().unwrap());
        let (year, month, day) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(month, 11);
        let leap_days = (year - 1_968) / 4;
        let before_november = 304;
        let in_leap_year = u64::from(year.is_multiple_of(4));
        let days = (year - 1_970) * 365 + leap_days - in_leap_year;
        assert_eq!(line.ends_day, days + before_november + in_leap_year + day - 1, "{}", line.ends);
    }
}

#[test]
fn four_releases_behind_are_a_warning_and_fewer_information() {
    let last = "version 17.8, and 17.11 is out".to_owned();
    assert_eq!(told(20_700, 170_008), Some((Severity::Info, last)));
    assert_eq!(told(20_700, 170_007).map(|it| it.0), Some(Severity::Warning));
    assert_eq!(told(20_700, 170_011), None);
    assert_eq!(told(20_700, 170_012), None);
}

#[test]
fn a_version_of_the_future_is_not_known_to_be_fine() {
    assert_eq!(judged(20_700, 190_000, counters(100, None))[0].status, Status::Skip);
}

#[test]
fn counters_that_are_younger_than_a_day_and_than_the_server_are_information() {
    let status = |up, reset| judged(20_700, 170_011, counters(up, reset))[0].clone();
    let record = status(1_000_000, Some(7_200));
    assert_eq!(
        (record.status, record.severity, record.aspect),
        (Status::Fail, Severity::Info, Some("counters"))
    );
    assert_eq!(record.target, "postgres :5432 database app");
    assert_eq!(record.observed, "counters were set back 2 h ago, and the server runs for 11 d");
    assert_eq!(status(1_000_000, Some(86_399)).status, Status::Fail);
    assert_eq!(status(1_000_000, Some(86_400)).status, Status::Pass);
    // The first start begins them.
    assert_eq!(status(1_000, Some(940)).status, Status::Pass);
    assert_eq!(status(1_000, Some(939)).status, Status::Fail);
    assert_eq!(status(1_000_000, None).status, Status::Pass);
    let absent = judged(20_700, 170_011, Probed::Absent("it".to_owned()));
    assert_eq!(absent[0].status, Status::Skip);
}

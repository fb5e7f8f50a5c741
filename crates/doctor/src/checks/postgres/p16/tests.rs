use super::super::ground::{judged, line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::Probed;

fn with(checksums: &str, failures: Option<u64>) -> Postgres {
    let database = PostgresDatabase {
        name: Some("shop".to_owned()),
        checksum_failures: failures,
        checksum_failure_s: failures.map(|_| 7_200),
        ..PostgresDatabase::default()
    };
    Postgres { databases: Probed::Seen(vec![database]), ..server(&[("data_checksums", checksums)]) }
}

#[test]
fn one_failure_is_critical_however_long_ago() {
    assert_eq!(steady(&CHECK, with("on", Some(0)))[0].status, Status::Pass);
    let records = steady(&CHECK, with("on", Some(1)));
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Critical));
    assert_eq!(
        records[0].observed,
        "1 read found a broken page of database \"shop\", the last 2 h ago"
    );
    let records = judged(&CHECK, 2, with("on", Some(1)), with("on", Some(4)));
    assert!(
        records[0].observed.ends_with(", 3 of them in the last 2.0 s"),
        "{}",
        records[0].observed
    );
    let shared = PostgresDatabase { checksum_failures: Some(2), ..PostgresDatabase::default() };
    let shared = Postgres { databases: Probed::Seen(vec![shared]), ..with("on", None) };
    assert_eq!(line(&CHECK, shared), "2 reads found a broken page of what all databases share");
}

#[test]
fn no_checksums_at_all_is_worth_knowing_and_no_more() {
    let records = steady(&CHECK, with("off", None));
    assert_eq!((records[0].severity, records[0].aspect), (Severity::Info, Some("off")));
}

#[test]
fn failures_that_are_not_told_are_not_none() {
    assert_eq!(steady(&CHECK, with("on", None))[0].status, Status::Skip);
    let denied = Postgres { databases: Probed::Denied("a right".to_owned()), ..with("on", None) };
    assert_eq!(steady(&CHECK, denied)[0].status, Status::Skip);
}

use super::*;
use crate::checks::mysql::looks::{judged, mariadb, mysql};
use crate::record::Status;

fn told(flush: &str, log: &str, sync: &str) -> Vec<(Option<&'static str>, String)> {
    let server = mariadb(&[(FLUSH, flush), ("log_bin", log), (SYNC, sync)]);
    let failed = judged(&CHECK, &server).into_iter().filter(|it| it.status == Status::Fail);
    failed.map(|it| (it.aspect, it.observed)).collect()
}

#[test]
fn each_of_both_is_a_warning_with_its_value() {
    let both = [
        (Some(FLUSH), "innodb_flush_log_at_trx_commit is 2".to_owned()),
        (Some(SYNC), "sync_binlog is 100".to_owned()),
    ];
    assert_eq!(told("2", "ON", "100"), both);
    assert_eq!(told("0", "ON", "1").len(), 1);
    assert_eq!(told("1", "ON", "0").len(), 1);
    assert_eq!(told("1", "ON", "1"), []);
}

#[test]
fn without_a_binary_log_the_default_of_mariadb_is_no_fault() {
    assert_eq!(told("1", "OFF", "0"), []);
}

#[test]
fn three_waits_in_mariadb_and_is_nothing_in_mysql() {
    assert_eq!(told("3", "OFF", "1"), []);
    let server = mysql(&[(FLUSH, "3"), ("log_bin", "OFF")]);
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Fail);
}

#[test]
fn what_a_crash_takes_depends_on_the_value() {
    let impact = |flush| {
        let server = mariadb(&[(FLUSH, flush), ("log_bin", "OFF")]);
        judged(&CHECK, &server)[0].impact.clone()
    };
    assert!(impact("2").starts_with("after a crash of the machine"));
    assert!(impact("0").starts_with("after a crash of the server alone"));
}

#[test]
fn a_setting_that_was_not_told_is_not_fine() {
    for variables in [&[(FLUSH, "1")][..], &[(FLUSH, "1"), ("log_bin", "ON")], &[]] {
        assert_eq!(judged(&CHECK, &mariadb(variables))[0].status, Status::Skip);
    }
}

use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb, mysql, texts};
use crate::record::Status;
use crate::snapshot::Probed;

fn server(enabled: &str, status: &str, clients: &str, alone: &str) -> Mysql {
    let variables =
        [("rpl_semi_sync_master_enabled", enabled), ("rpl_semi_sync_master_timeout", "10000")];
    let status = [
        ("rpl_semi_sync_master_status", status),
        ("rpl_semi_sync_master_clients", clients),
        ("rpl_semi_sync_master_no_tx", alone),
    ];
    Mysql { status: Probed::Seen(texts(&status)), ..mariadb(&variables) }
}

#[test]
fn enabled_and_not_in_effect_is_a_warning() {
    let record = &judged(&CHECK, &server("ON", "OFF", "0", "7"))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("off")));
    assert_eq!(record.observed, "it is enabled and not in effect; 0 replicas would answer");
    assert_eq!(judged(&CHECK, &server("ON", "ON", "1", "7"))[0].status, Status::Pass);
    assert_eq!(judged(&CHECK, &server("OFF", "OFF", "0", "7"))[0].status, Status::NotApplicable);
}

#[test]
fn commits_without_an_answer_are_a_fault_in_the_window_and_not_as_a_total() {
    assert_eq!(judged(&CHECK, &server("ON", "ON", "1", "9000"))[0].status, Status::Pass);
    let records =
        judged_over(&CHECK, 2, &server("ON", "ON", "1", "9000"), &server("ON", "ON", "1", "9003"));
    assert_eq!(records[0].observed, "3 commits went without the answer of a replica in 2.0 s");
}

#[test]
fn where_no_replica_would_answer_the_next_commit_waits_in_vain() {
    let record = &judged(&CHECK, &server("ON", "ON", "0", "0"))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("none")));
    assert!(record.observed.contains("waits 10000 ms in vain"), "{}", record.observed);
}

#[test]
fn newer_mysql_says_source() {
    let variables =
        [("rpl_semi_sync_source_enabled", "ON"), ("rpl_semi_sync_source_timeout", "10000")];
    let status = Probed::Seen(texts(&[("rpl_semi_sync_source_status", "OFF")]));
    let server = Mysql { status, ..mysql(&variables) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Fail);
    let server = Mysql { status: Probed::Seen(texts(&[])), ..mysql(&variables) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

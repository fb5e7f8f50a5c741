use super::*;
use crate::checks::redis::ground::{judged, server, with_keys, with_workers};
use crate::record::Status;
use crate::snapshot::Probed;

fn snapshots() -> Redis {
    let info = [
        ("aof_enabled", "0"),
        ("rdb_changes_since_last_save", "1204"),
        ("rdb_last_save_time", "1700000000"),
        ("server_time_usec", "1700000090000000"),
    ];
    server(&info, &[("save", "3600 1 300 100")])
}

#[test]
fn workers_on_a_server_with_snapshots_only_are_told_with_what_a_crash_loses() {
    let record = &judged(&CHECK, &with_workers(snapshots(), 2))[0];
    assert_eq!(
        record.observed,
        "only snapshots are written, although 2 clients wait in brpop; 1204 changes since the last, 90 s ago"
    );
    assert_eq!(record.severity, Severity::Warning);
    assert!(record.impact.contains("1204 changes are lost now"), "{}", record.impact);
}

#[test]
fn a_store_may_choose_snapshots() {
    assert_eq!(judged(&CHECK, &with_keys(snapshots(), 1_000, 0))[0].status, Status::Pass);
}

#[test]
fn an_append_only_file_is_fine_and_nothing_at_all_is_another_check() {
    let aof = server(&[("aof_enabled", "1")], &[("save", "3600 1")]);
    assert_eq!(judged(&CHECK, &with_workers(aof, 1))[0].status, Status::Pass);
    let none = server(&[("aof_enabled", "0")], &[("save", "")]);
    assert_eq!(judged(&CHECK, &with_workers(none, 1))[0].status, Status::NotApplicable);
    let replica = server(&[("role", "slave"), ("aof_enabled", "0")], &[("save", "3600 1")]);
    assert_eq!(judged(&CHECK, &with_workers(replica, 1))[0].status, Status::NotApplicable);
}

#[test]
fn clients_that_may_not_be_listed_are_not_fine() {
    let clients = Probed::Denied("+client|list".to_owned());
    assert_eq!(judged(&CHECK, &Redis { clients, ..snapshots() })[0].status, Status::Skip);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::Status;
use crate::snapshot::{Network, Probed, Process, Snapshot};

fn snapshot(at_ms: u64, overflows: u64, listeners: Vec<Listener>) -> Snapshot {
    let network = Network {
        listeners: Probed::Seen(listeners),
        tcp_ext: Probed::Seen(BTreeMap::from([(OVERFLOWS.to_owned(), overflows)])),
        somaxconn: Probed::Seen(4096),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn listener(waiting: u32, backlog: u32) -> Listener {
    let process = Some(Process { pid: 812, name: "gunicorn".to_owned() });
    Listener { address: ([0, 0, 0, 0], 8080).into(), waiting, backlog, process }
}

fn judged(before: &Snapshot, after: &Snapshot) -> Vec<crate::record::Record> {
    CHECK.judge(&Window { before, after })
}

#[test]
fn a_queue_is_full_when_it_holds_more_than_its_backlog_and_not_when_it_holds_as_many() {
    let before = snapshot(0, 7, Vec::new());
    let at_its_bound = judged(&before, &snapshot(1_000, 7, vec![listener(128, 128)]));
    assert_eq!(at_its_bound[0].status, Status::Pass);
    let beyond = judged(&before, &snapshot(1_000, 7, vec![listener(129, 128)]));
    assert_eq!((beyond[0].status, beyond[0].severity), (Status::Fail, Severity::Critical));
    assert_eq!(beyond[0].target, "host 0.0.0.0:8080");
    assert_eq!(
        beyond[0].observed,
        "129 connections wait for pid 812 \"gunicorn\", whose backlog is 128"
    );
    assert!(!beyond[0].fix.contains("somaxconn"), "it cuts nothing here: {}", beyond[0].fix);
}

#[test]
fn somaxconn_is_named_where_it_is_what_cuts_the_backlog() {
    let before = snapshot(0, 7, Vec::new());
    let after = snapshot(1_000, 7, vec![listener(4097, 4096)]);
    let fix = &judged(&before, &after)[0].fix;
    assert!(fix.contains("sysctl -w net.core.somaxconn=8192 (undo: 4096)"), "{fix}");
}

#[test]
fn overflows_count_by_what_they_grew_and_not_by_their_total() {
    let total = judged(&snapshot(0, 90_000, Vec::new()), &snapshot(1_000, 90_000, Vec::new()));
    assert_eq!(total[0].status, Status::Pass);
    let grown = judged(&snapshot(0, 90_000, Vec::new()), &snapshot(2_000, 90_003, Vec::new()));
    assert_eq!((grown[0].status, grown[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(grown[0].evidence[0].value, "3 more in 2.0 s");
}

#[test]
fn a_counter_that_went_back_is_no_verdict() {
    let back = judged(&snapshot(0, 9, Vec::new()), &snapshot(1_000, 3, Vec::new()));
    assert_eq!(back[0].status, Status::Skip);
}

#[test]
fn one_half_that_may_not_be_looked_at_does_not_hide_the_other() {
    let before = snapshot(0, 7, Vec::new());
    let mut after = snapshot(1_000, 9, vec![listener(129, 128)]);
    ground::seen(&mut after.host.network).tcp_ext = Probed::Absent("/proc/net/netstat".to_owned());
    let status = |records: &[crate::record::Record]| {
        records.iter().map(|record| record.status).collect::<Vec<_>>()
    };
    assert_eq!(status(&judged(&before, &after)), [Status::Fail, Status::Skip]);
    let mut after = snapshot(1_000, 9, Vec::new());
    ground::seen(&mut after.host.network).listeners = Probed::Absent("sock_diag".to_owned());
    assert_eq!(status(&judged(&before, &after)), [Status::Fail, Status::Skip]);
}

#[test]
fn what_may_not_be_looked_at_is_skipped_with_what_it_needs() {
    let mut after = snapshot(1_000, 0, Vec::new());
    ground::seen(&mut after.host.network).listeners =
        Probed::Denied("the right to use sock_diag".to_owned());
    let records = judged(&snapshot(0, 0, Vec::new()), &after);
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("sock_diag"), "{}", records[0].observed);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Connections, Network, Probed};

/// Of 100 ports.
fn judged(source: [u8; 4], count: u64, time_wait: u64, reuse: u64) -> Record {
    let outgoing =
        Outgoing { source: source.into(), destination: (source, 5432).into(), count, time_wait };
    let network = Network {
        connections: Probed::Seen(Connections {
            seen: count,
            outgoing: vec![outgoing],
            ..Connections::default()
        }),
        ports: Probed::Seen(Ports { first: 40_000, last: 40_109, reserved: 10 }),
        settings: BTreeMap::from([(REUSE.to_owned(), Probed::Seen(reuse))]),
        ..Network::default()
    };
    let (before, after) = (ground::moment(0, ground::host()), ground::snapshot(1_000, network));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h17_warns_from_seventy_percent_and_is_critical_from_ninety() {
    assert_eq!(judged([10, 0, 0, 1], 69, 0, 0).status, Status::Pass);
    assert_eq!(judged([10, 0, 0, 1], 70, 0, 0).severity, Severity::Warning);
    assert_eq!(judged([10, 0, 0, 1], 89, 0, 0).severity, Severity::Warning);
    let record = judged([10, 0, 0, 1], 90, 60, 0);
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(
        record.observed,
        "90 of 100 ports are taken, 90 %; 60 connections only wait in TIME_WAIT"
    );
    assert_eq!(record.target, "host 10.0.0.1 to 10.0.0.1:5432");
    assert!(record.impact.starts_with("after 10 more,"), "{}", record.impact);
}

#[test]
fn h17_ports_that_a_new_connection_may_have_do_not_count() {
    assert_eq!(judged([10, 0, 0, 1], 95, 60, 1).status, Status::Pass);
    assert_eq!(judged([127, 0, 0, 1], 95, 60, 2).status, Status::Pass);
    assert_eq!(judged([10, 0, 0, 1], 95, 60, 2).status, Status::Fail);
    assert_eq!(judged([127, 0, 0, 1], 95, 60, 0).status, Status::Fail);
}

#[test]
fn h17_advice_is_by_what_the_ports_are_taken_for() {
    let waiting = judged([10, 0, 0, 1], 95, 60, 2).fix;
    assert!(waiting.starts_with("sysctl -w net.ipv4.tcp_tw_reuse=1 (undo: 2)"), "{waiting}");
    let open = judged([10, 0, 0, 1], 95, 10, 2).fix;
    assert!(open.contains("(undo: \"40000 40109\")"), "{open}");
}

#[test]
fn h17_a_range_that_was_not_seen_is_not_fine() {
    let mut after = ground::snapshot(1_000, Network::default());
    ground::seen(&mut after.host.network).connections = Probed::Seen(Connections::default());
    let before = ground::moment(0, ground::host());
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

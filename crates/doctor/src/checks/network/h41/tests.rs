use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Connections, Network, Probed, Process};

fn snapshot(at_ms: u64, count: u64, longest_ms: u64) -> Snapshot {
    let half_closed = HalfClosed {
        process: Some(Process { pid: 812, name: "api".to_owned() }),
        count,
        longest_ms: Some(longest_ms),
        peer: ([10, 0, 0, 2], 5432).into(),
    };
    let network = Network {
        connections: Probed::Seen(Connections {
            seen: count,
            half_closed: vec![half_closed],
            ..Connections::default()
        }),
        settings: BTreeMap::from([(KEEPALIVE.to_owned(), Probed::Seen(7_200))]),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(before: (u64, u64), after: (u64, u64)) -> Record {
    let (before, after) = (snapshot(0, before.0, before.1), snapshot(2_000, after.0, after.1));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h41_more_than_a_hundred_that_grow_are_told_with_their_process() {
    assert_eq!(judged((90, 0), (100, 70_000)).status, Status::Pass);
    let record = judged((90, 0), (101, 70_000));
    assert_eq!((record.status, record.confidence), (Status::Fail, Confidence::High));
    assert_eq!(record.target, "host pid 812");
    assert_eq!(
        record.observed,
        "pid 812 \"api\" has not closed 101 connections that the other side has closed, 11 more than 2.0 s ago, the oldest for 70 s"
    );
}

#[test]
fn h41_those_that_neither_grow_nor_are_old_are_on_their_way() {
    assert_eq!(judged((500, 0), (500, 7_200_000)).status, Status::Pass);
    assert_eq!(judged((600, 0), (500, 7_200_001)).status, Status::Fail);
}

#[test]
fn h41_a_program_may_only_be_slow_in_closing_while_none_is_older_than_a_minute() {
    assert_eq!(judged((90, 0), (150, 59_999)).confidence, Confidence::Low);
    assert_eq!(judged((90, 0), (150, 60_000)).confidence, Confidence::High);
}

#[test]
fn h41_connections_that_may_not_be_seen_are_not_fine() {
    let (before, mut after) = (snapshot(0, 1, 0), snapshot(1_000, 1, 0));
    ground::seen(&mut after.host.network).connections = Probed::Denied("sock_diag".to_owned());
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

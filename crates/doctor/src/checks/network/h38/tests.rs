use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Peer, Probed};

fn stalled(retransmits: u64, unacknowledged: u64, sacked: u64) -> Stalled {
    Stalled {
        local: ([10, 0, 0, 1], 40_000).into(),
        peer: ([10, 0, 9, 2], 443).into(),
        is_opening: false,
        retransmits,
        unacknowledged,
        mss: 1_448,
        path_mtu: 1_500,
        sacked,
        silent_ms: 3_000,
    }
}

fn judged(stalled: Vec<Stalled>, heard_ms: Option<u64>) -> Record {
    let address = [10, 0, 9, 2].into();
    let peers = vec![Peer { address, connections: 2, sent: 9, again: 3, heard_ms }];
    let network = Network {
        connections: Probed::Seen(Connections {
            seen: 2,
            stalled,
            peers,
            ..Connections::default()
        }),
        settings: BTreeMap::from([(PROBING.to_owned(), Probed::Seen(0))]),
        ..Network::default()
    };
    let (before, after) = (ground::moment(0, ground::host()), ground::snapshot(1_000, network));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h38_a_full_segment_that_is_sent_three_times_again_while_others_pass_is_critical() {
    assert_eq!(judged(vec![stalled(2, 20_000, 0)], Some(40)).status, Status::Pass);
    let record = judged(vec![stalled(3, 20_000, 0)], Some(40));
    assert_eq!((record.severity, record.confidence), (Severity::Critical, Confidence::High));
    assert_eq!(record.target, "host 10.0.9.2");
    assert_eq!(
        record.observed,
        "1 connections are stuck with segments of 1448 bytes after up to 3 retransmissions, and another connection was answered 40 ms ago"
    );
    assert!(record.fix.starts_with("sysctl -w net.ipv4.tcp_mtu_probing=1 (undo: 0)"));
}

#[test]
fn h38_segments_that_came_out_of_order_may_be_full_ones_and_are_no_proof() {
    assert_eq!(judged(vec![stalled(3, 20_000, 1)], None).severity, Severity::Warning);
}

#[test]
fn h38_one_of_which_nothing_is_heard_may_be_down() {
    let record = judged(vec![stalled(3, 20_000, 0)], None);
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    let record = judged(vec![stalled(3, 20_000, 0)], Some(3_000));
    assert_eq!(record.severity, Severity::Warning, "that was before it was stuck");
}

#[test]
fn h38_where_less_than_a_full_segment_is_lost_too_it_is_not_the_size() {
    assert_eq!(judged(vec![stalled(3, 1_447, 0)], Some(40)).status, Status::Pass);
    assert_eq!(judged(vec![stalled(3, 1_448, 0)], Some(40)).status, Status::Fail);
    let both = vec![stalled(3, 20_000, 0), stalled(4, 100, 0)];
    assert_eq!(judged(both, Some(40)).status, Status::Pass);
    let opening = Stalled { is_opening: true, ..stalled(3, 20_000, 0) };
    assert_eq!(judged(vec![opening], Some(40)).status, Status::Pass);
}

#[test]
fn h38_connections_that_may_not_be_seen_are_not_fine() {
    let mut after = ground::snapshot(1_000, Network::default());
    ground::seen(&mut after.host.network).connections = Probed::Denied("sock_diag".to_owned());
    let before = ground::moment(0, ground::host());
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

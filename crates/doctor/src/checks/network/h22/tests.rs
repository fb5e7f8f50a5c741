use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Process, Snapshot};

fn snapshot(at_ms: u64, errors: u64, dropped: u64) -> Snapshot {
    let process = Some(Process { pid: 53, name: "dnsmasq".to_owned() });
    let socket = Datagrams { address: ([127, 0, 0, 1], 53).into(), inode: 7, dropped, process };
    let network = Network {
        udp: Probed::Seen(BTreeMap::from([(ERRORS.to_owned(), errors)])),
        datagrams: Probed::Seen(vec![socket]),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(before: &Snapshot, after: &Snapshot) -> Vec<Record> {
    CHECK.judge(&Window { before, after })
}

#[test]
fn a_socket_that_lost_datagrams_is_named_with_how_many_it_lost_in_the_window() {
    let records = judged(&snapshot(0, 1_000, 900), &snapshot(2_000, 1_007, 907));
    assert_eq!((records.len(), records[0].status), (1, Status::Fail));
    assert_eq!(records[0].target, "host 127.0.0.1:53");
    assert_eq!(records[0].observed, "7 datagrams for pid 53 \"dnsmasq\" were dropped in 2.0 s");
    assert_eq!(records[0].evidence[1].value, "7 more in 2.0 s");
}

#[test]
fn a_total_since_boot_is_no_fault() {
    let records = judged(&snapshot(0, 90_000, 90_000), &snapshot(1_000, 90_000, 90_000));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn where_no_socket_is_seen_to_have_lost_any_the_host_is_named() {
    let records = judged(&snapshot(0, 5, 0), &snapshot(1_000, 9, 0));
    assert_eq!((records[0].status, &*records[0].target), (Status::Fail, "host"));
}

#[test]
fn a_snapshot_of_an_earlier_version_is_skipped_and_not_fine() {
    let mut after = snapshot(1_000, 0, 0);
    ground::seen(&mut after.host.network).udp = Probed::default();
    assert_eq!(judged(&snapshot(0, 0, 0), &after)[0].status, Status::Skip);
}

#[test]
fn another_socket_with_the_same_address_is_not_blamed_for_what_it_lost_long_ago() {
    let (before, mut after) = (snapshot(0, 100, 10), snapshot(1_000, 101, 11));
    let old = Datagrams {
        inode: 8,
        dropped: 1_000_000,
        ..after.host.network.seen().unwrap().datagrams.seen().unwrap()[0].clone()
    };
    let mut with_old = before.clone();
    for side in [&mut with_old, &mut after] {
        let sockets = ground::seen(&mut ground::seen(&mut side.host.network).datagrams);
        sockets.push(old.clone());
    }
    let records = judged(&with_old, &after);
    assert_eq!(records.len(), 1);
    assert!(records[0].observed.starts_with("1 datagrams for"), "{}", records[0].observed);
}

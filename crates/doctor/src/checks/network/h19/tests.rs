use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Connections, Network, Probed};

fn snapshot(at_ms: u64, sent: u64, again: u64, of_peer: u64) -> Snapshot {
    let peer = Peer {
        address: [10, 0, 0, 2].into(),
        connections: 1,
        sent,
        again: of_peer,
        heard_ms: None,
    };
    let counters = [(SENT.to_owned(), sent), (AGAIN.to_owned(), again)];
    let network = Network {
        tcp: Probed::Seen(BTreeMap::from(counters)),
        connections: Probed::Seen(Connections { peers: vec![peer], ..Connections::default() }),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(before: &Snapshot, after: &Snapshot) -> Record {
    CHECK.judge(&Window { before, after }).remove(0)
}

#[test]
fn h19_one_in_a_hundred_is_too_much_and_less_is_not() {
    let before = snapshot(0, 50_000, 40_000, 300);
    assert_eq!(judged(&before, &snapshot(2_000, 60_000, 40_099, 300)).status, Status::Pass);
    let record = judged(&before, &snapshot(2_000, 60_000, 40_100, 390));
    assert_eq!(record.status, Status::Fail);
    assert_eq!(
        record.observed,
        "100 of 10000 segments were sent again in 2.0 s, 1.00 %, 90 of them to 10.0.0.2"
    );
}

#[test]
fn h19_a_share_takes_a_thousand_segments_and_two_seconds() {
    let before = snapshot(0, 0, 0, 0);
    let few = judged(&before, &snapshot(2_000, 999, 500, 0));
    assert_eq!(few.status, Status::NotApplicable);
    let short = judged(&before, &snapshot(1_999, 1_000, 500, 0));
    assert_eq!(short.status, Status::Skip);
    assert_eq!(judged(&before, &snapshot(2_000, 1_000, 500, 0)).status, Status::Fail);
}

#[test]
fn h19_totals_since_boot_are_not_looked_at() {
    let record = judged(&snapshot(0, 10_000, 9_000, 0), &snapshot(3_000, 20_000, 9_000, 0));
    assert_eq!(record.status, Status::Pass);
}

#[test]
fn h19_counters_that_are_not_there_are_not_fine() {
    let mut after = snapshot(2_000, 9_000, 0, 0);
    ground::seen(&mut after.host.network).tcp = Probed::Absent("/proc/net/snmp".to_owned());
    assert_eq!(judged(&snapshot(0, 0, 0, 0), &after).status, Status::Skip);
}

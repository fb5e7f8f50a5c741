use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Peer, Probed, Snapshot, Stalled};

const ADDRESS: [u8; 4] = [10, 0, 0, 2];

fn network(retransmits: u64, heard_ms: Option<u64>) -> Network {
    let stalled = Stalled {
        local: ([10, 0, 0, 1], 40_000).into(),
        peer: (ADDRESS, 80).into(),
        is_opening: false,
        retransmits,
        unacknowledged: 100,
        mss: 1_448,
        path_mtu: 1_500,
        sacked: 0,
        silent_ms: 3_000,
    };
    let peer = Peer { address: ADDRESS.into(), connections: 1, sent: 9, again: 3, heard_ms };
    let neighbour = Neighbour {
        address: ADDRESS.into(),
        link_address: "02:00:00:00:00:02".to_owned(),
        interface: "eth0".to_owned(),
        is_permanent: false,
    };
    Network {
        connections: Probed::Seen(Connections {
            stalled: vec![stalled],
            peers: vec![peer],
            ..Connections::default()
        }),
        neighbours: Probed::Seen(vec![neighbour]),
        neighbour_table: table(10, 0),
        ..Network::default()
    }
}

fn table(entries: u64, fulls: u64) -> Probed<NeighbourTable> {
    Probed::Seen(NeighbourTable { entries, fulls: Some(fulls), most: Probed::Seen(1_000) })
}

fn judged(before: Network, after: Network) -> Vec<Record> {
    let before: Snapshot = ground::snapshot(0, before);
    CHECK.judge(&Window { before: &before, after: &ground::snapshot(1_000, after) })
}

fn silent(retransmits: u64, heard_ms: Option<u64>) -> Record {
    judged(network(0, None), network(retransmits, heard_ms)).remove(0)
}

#[test]
fn h37_a_neighbour_is_silent_after_three_retransmissions_and_never_surely() {
    assert_eq!(silent(2, None).status, Status::Pass);
    let record = silent(3, None);
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    assert_eq!(record.target, "host 10.0.0.2");
    assert_eq!(
        record.observed,
        "1 connections get no answer after up to 3 retransmissions, and are sent to 02:00:00:00:00:02, learned"
    );
    assert!(record.fix.ends_with("ip neigh flush to 10.0.0.2 dev eth0"), "{}", record.fix);
}

#[test]
fn h37_a_neighbour_that_answers_on_another_connection_is_well() {
    assert_eq!(silent(5, Some(2_999)).status, Status::Pass);
    assert_eq!(silent(5, Some(3_000)).status, Status::Fail, "that was before it was silent");
}

#[test]
fn h37_a_table_is_full_by_what_did_not_fit_in_the_window_or_nine_tenths_of_its_bound() {
    let of =
        |entries, fulls| Network { neighbour_table: table(entries, fulls), ..network(0, None) };
    assert_eq!(judged(of(899, 50), of(899, 50))[0].status, Status::Pass);
    assert_eq!(judged(of(899, 50), of(900, 50))[0].severity, Severity::Warning);
    let record = &judged(of(10, 50), of(12, 51))[0];
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(
        record.observed,
        "the table holds 12 neighbours of 1000; 1 times one did not fit in 1.0 s"
    );
}

#[test]
fn h37_a_table_that_may_not_be_seen_is_not_fine_and_hides_no_silence() {
    let of = |retransmits| Network {
        neighbour_table: Probed::Absent("/proc/net/stat/arp_cache".to_owned()),
        ..network(retransmits, None)
    };
    let status = |records: Vec<Record>| records.iter().map(|it| it.status).collect::<Vec<_>>();
    assert_eq!(status(judged(of(0), of(0))), [Status::Skip]);
    assert_eq!(status(judged(of(0), of(3))), [Status::Fail, Status::Skip]);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Card, Network, Probed, Process, Snapshot};

fn tunnel(driver: &str, leaves: Probed<bool>) -> Tunnel {
    let card = Card {
        name: "ens192".to_owned(),
        driver: Some(driver.to_owned()),
        version: None,
        leaves_checksums: Probed::Seen(true),
    };
    Tunnel {
        name: "flannel.1".to_owned(),
        kind: "vxlan".to_owned(),
        port: Some(8_472),
        leaves_checksums: leaves,
        cards: vec![card],
    }
}

fn came(segments: u64, wrong_segments: u64, datagrams: u64, wrong_datagrams: u64) -> Received {
    Received {
        space: "net:[1]".to_owned(),
        process: None,
        segments,
        wrong_segments: Some(wrong_segments),
        datagrams,
        wrong_datagrams: Some(wrong_datagrams),
    }
}

fn moment(at_ms: u64, tunnel: Tunnel, spaces: Vec<Received>) -> Snapshot {
    let tunnels = Probed::Seen(Tunnels { found: vec![tunnel], spaces, unseen: 0 });
    ground::snapshot(at_ms, Network { tunnels, ..Network::default() })
}

fn judged(tunnel: &Tunnel, before: Received, after: Received) -> Vec<Record> {
    let before = moment(0, tunnel.clone(), vec![before]);
    CHECK.judge(&Window { before: &before, after: &moment(2_000, tunnel.clone(), vec![after]) })
}

fn plain() -> Tunnel {
    tunnel("ixgbe", Probed::Seen(true))
}

#[test]
fn h40_more_than_one_in_a_thousand_and_three_in_the_window_are_a_warning() {
    let old = || came(9_000_000, 40_000, 500, 400);
    let is_fail = |segments: u64, wrong: u64| {
        let now = came(9_000_000 + segments, 40_000 + wrong, 500, 400);
        judged(&plain(), old(), now)[0].status == Status::Fail
    };
    assert!(is_fail(2_999, 3));
    assert!(!is_fail(3_000, 3), "one in a thousand is of the line");
    assert!(!is_fail(2, 2), "so are two");
    let records = judged(&plain(), old(), came(9_000_100, 40_000, 540, 407));
    assert_eq!(
        records[0].observed,
        "0 of 100 segments of TCP and 7 of 40 datagrams came with a wrong checksum in 2.0 s"
    );
    assert_eq!((records[0].severity, records[0].confidence), (Severity::Warning, Confidence::Low));
    assert_eq!(records[0].steps[0].run, "ethtool -K flannel.1 tx-checksum-ip-generic off");
}

#[test]
fn h40_it_is_sure_with_a_driver_or_a_kernel_that_is_known_for_it() {
    let (before, after) = (|| came(0, 0, 0, 0), || came(0, 0, 40, 20));
    let confidence = |tunnel: &Tunnel| judged(tunnel, before(), after())[0].confidence;
    assert_eq!(confidence(&tunnel("vmxnet3", Probed::Seen(true))), Confidence::High);
    assert_eq!(confidence(&tunnel("vmxnet3", Probed::Seen(false))), Confidence::Low);
    assert!(is_old("5.6.19-300.fc32") && is_old("4.18.0-193.el8"));
    assert!(!is_old("5.7.0") && !is_old("6.1.0-13-amd64") && !is_old("x"));
}

#[test]
fn h40_a_driver_that_is_known_for_it_is_information_while_nothing_comes_wrong() {
    let same = || came(7, 5, 9, 8);
    let records = judged(&tunnel("vmxnet3", Probed::Seen(true)), same(), same());
    let told: Vec<_> = records.iter().map(|it| (it.severity, it.aspect)).collect();
    assert_eq!(told, [(Severity::Info, Some("driver"))]);
    let off = judged(&tunnel("vmxnet3", Probed::Seen(false)), same(), same());
    assert_eq!(off[0].status, Status::Pass);
    let mut spared = tunnel("vmxnet3", Probed::Seen(true));
    spared.cards[0].leaves_checksums = Probed::Seen(false);
    assert_eq!(judged(&spared, same(), same())[0].status, Status::Pass);
}

#[test]
fn h40_what_could_not_be_looked_at_is_not_fine() {
    let same = || came(7, 5, 9, 8);
    let hidden = tunnel("ixgbe", Probed::Absent("features".to_owned()));
    assert_eq!(judged(&hidden, same(), same())[0].status, Status::Skip);
    let uncounted = || Received { wrong_segments: None, ..same() };
    assert_eq!(judged(&plain(), uncounted(), uncounted())[0].status, Status::Skip);
    let (empty, full) = (moment(0, plain(), Vec::new()), moment(1_000, plain(), vec![same()]));
    let records = CHECK.judge(&Window { before: &empty, after: &full });
    assert_eq!(records[0].status, Status::Skip, "a total is no growth");
    let mut few = full.clone();
    ground::seen(&mut ground::seen(&mut few.host.network).tunnels).unseen = 3;
    let records = CHECK.judge(&Window { before: &full, after: &few });
    assert!(records[0].observed.contains("root, to look into the network namespaces of 3"));
}

#[test]
fn h40_without_a_tunnel_it_is_out_of_place_and_a_new_namespace_counts_from_zero() {
    let tunnels = Probed::Seen(Tunnels::default());
    let none = ground::snapshot(1_000, Network { tunnels, ..Network::default() });
    assert_eq!(
        CHECK.judge(&Window { before: &none, after: &none })[0].status,
        Status::NotApplicable
    );
    let process = Some(Process { pid: 7, name: "grpc".to_owned() });
    let new = Received { space: "net:[2]".to_owned(), process, ..came(90, 60, 0, 0) };
    let before = moment(0, plain(), vec![came(7, 5, 9, 8)]);
    let after = moment(1_000, plain(), vec![came(7, 5, 9, 8), new]);
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].target, "host namespace of pid 7 \"grpc\"");
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Snapshot};

fn snapshot(at_ms: u64, drops: u64, settings: &[(&str, u64)]) -> Snapshot {
    let interface = |(name, reverse_path): &(&str, u64)| {
        let reverse_path = Some(*reverse_path);
        let interface = Interface { reverse_path, is_routed: true, ..Interface::default() };
        ((*name).to_owned(), interface)
    };
    let network = Network {
        tcp_ext: Probed::Seen(BTreeMap::from([(DROPS.to_owned(), drops)])),
        interfaces: Probed::Seen(settings.iter().map(interface).collect()),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(drops: (u64, u64), settings: &[(&str, u64)]) -> Record {
    let (before, after) = (snapshot(0, drops.0, settings), snapshot(2_000, drops.1, settings));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h33_one_packet_in_the_window_is_told_with_the_interface_that_is_strict() {
    let record = judged((900, 901), &[("eth0", 2), ("eth1", 1), ("lo", 1)]);
    assert_eq!((record.status, record.confidence), (Status::Fail, Confidence::High));
    assert_eq!(record.observed, "1 packets were dropped by rp_filter in 2.0 s; strict on eth1");
    assert!(record.fix.ends_with("sysctl -w net.ipv4.conf.eth1.rp_filter=2 (undo: 1)"));
}

#[test]
fn h33_with_one_interface_it_may_be_right_to_drop() {
    assert_eq!(judged((0, 1), &[("eth0", 1), ("lo", 1)]).confidence, Confidence::Low);
    assert_eq!(judged((0, 1), &[("eth0", 2), ("eth1", 2)]).confidence, Confidence::Low);
}

#[test]
fn h33_a_total_since_boot_and_a_strict_setting_are_no_fault() {
    assert_eq!(judged((900, 900), &[("eth0", 1), ("eth1", 1)]).status, Status::Pass);
}

#[test]
fn h33_a_counter_that_is_not_kept_is_not_fine() {
    let (before, mut after) = (snapshot(0, 0, &[]), snapshot(1_000, 0, &[]));
    ground::seen(&mut after.host.network).tcp_ext = Probed::Seen(BTreeMap::new());
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

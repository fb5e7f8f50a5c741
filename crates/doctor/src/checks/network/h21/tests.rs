use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed};

fn judged(before: Interface, after: Interface) -> Vec<Record> {
    let of = |at_ms, interface| {
        let interfaces = Probed::Seen(BTreeMap::from([("eth0".to_owned(), interface)]));
        let layers = Probed::Seen(Vec::new());
        ground::snapshot(at_ms, Network { interfaces, layers, ..Network::default() })
    };
    CHECK.judge(&Window { before: &of(0, before), after: &of(2_000, after) })
}

/// Since it was made.
fn old() -> Interface {
    Interface {
        receive_errors: 70,
        receive_overruns: 60,
        receive_drops: 50,
        send_errors: 40,
        carrier_losses: 30,
        ..Interface::default()
    }
}

#[test]
fn h21_one_packet_of_each_kind_in_the_window_is_a_warning() {
    let now = Interface {
        receive_errors: 72,
        receive_overruns: 61,
        send_errors: 43,
        carrier_losses: 32,
        ..old()
    };
    let records = judged(old(), now);
    let told: Vec<_> = records.iter().map(|it| (it.aspect, it.observed.as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("damaged"), "1 packets came damaged in 2.0 s"),
            (Some("ring"), "1 packets found no room in the ring of the card in 2.0 s"),
            (
                Some("unsent"),
                "3 packets could not be sent, 2 of them for want of a path or a carrier in 2.0 s"
            ),
        ]
    );
    assert!(records.iter().all(|it| it.target == "host eth0" && it.severity == Severity::Warning));
}

#[test]
fn h21_totals_and_packets_that_nobody_wanted_are_no_fault() {
    let now = Interface { receive_drops: 900, ..old() };
    assert_eq!(judged(old(), now)[0].status, Status::Pass);
}

#[test]
fn h21_counters_that_were_set_back_are_not_fine() {
    assert_eq!(judged(old(), Interface::default())[0].status, Status::Skip);
}

#[test]
fn h21_an_interface_that_was_made_in_between_has_counted_since() {
    let interfaces = Probed::Seen(BTreeMap::from([("eth0".to_owned(), old())]));
    let after = ground::snapshot(1_000, Network { interfaces, ..Network::default() });
    let interfaces = Probed::Seen(BTreeMap::new());
    let before = ground::snapshot(0, Network { interfaces, ..Network::default() });
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].observed, "10 packets came damaged in 1.0 s");
}

#[test]
fn h21_an_interface_that_takes_more_than_the_one_below_it_is_a_warning() {
    let of = |kind: &str, mtu, below_mtu| {
        let layer = Layer {
            name: "tunnel".to_owned(),
            kind: kind.to_owned(),
            mtu,
            below: "eth0".to_owned(),
            below_mtu,
        };
        let layers = Probed::Seen(vec![layer]);
        let interfaces = Probed::Seen(BTreeMap::new());
        let of = |at_ms| {
            let (interfaces, layers) = (interfaces.clone(), layers.clone());
            ground::snapshot(at_ms, Network { interfaces, layers, ..Network::default() })
        };
        CHECK.judge(&Window { before: &of(0), after: &of(1_000) }).remove(0)
    };
    assert_eq!(of("vxlan", 1_450, 1_500).status, Status::Pass);
    let record = of("vxlan", 1_451, 1_500);
    assert_eq!(
        (record.status, record.severity, record.confidence),
        (Status::Fail, Severity::Warning, Confidence::Low)
    );
    assert_eq!(
        record.observed,
        "vxlan tunnel takes packets of 1451 bytes, 1501 with their header, and eth0 below it takes 1500"
    );
    assert_eq!(record.steps[0].run, "ip link set tunnel mtu 1450");
    assert_eq!(of("bridge", 9_000, 9_000).status, Status::Pass);
    assert_eq!(of("bridge", 9_001, 9_000).status, Status::Fail);
    assert_eq!(of("gre", 1_476, 1_500).status, Status::Pass);
    assert_eq!(of("wireguard", 9_000, 1_500).status, Status::Pass, "its header is not known");
}

#[test]
fn h21_layers_that_were_not_looked_at_are_not_fine() {
    let interfaces = Probed::Seen(BTreeMap::new());
    let after = ground::snapshot(1_000, Network { interfaces, ..Network::default() });
    let records = CHECK.judge(&Window { before: &after, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Snapshot};

fn snapshot(at_ms: u64, dropped: u64, squeezed: u64) -> Snapshot {
    let cpu = |cpu, dropped, squeezed| Softnet { cpu, processed: 9_000, dropped, squeezed };
    let network = Network {
        softnet: Probed::Seen(vec![cpu(0, 77, 0), cpu(1, dropped, squeezed)]),
        settings: BTreeMap::from([
            (BACKLOG.to_owned(), Probed::Seen(1_000)),
            (BUDGET.to_owned(), Probed::Seen(300)),
        ]),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(before: &Snapshot, after: &Snapshot) -> Vec<Record> {
    CHECK.judge(&Window { before, after })
}

#[test]
fn h20_a_packet_that_was_dropped_in_the_window_is_a_warning_with_its_processor() {
    let records = judged(&snapshot(0, 900, 0), &snapshot(2_000, 901, 0));
    assert_eq!((records.len(), records[0].severity), (1, Severity::Warning));
    assert_eq!(records[0].observed, "1 packets were dropped in 2.0 s (CPU 1: 1)");
    let fix = &records[0].fix;
    assert!(fix.starts_with("sysctl -w net.core.netdev_max_backlog=2000 (undo: 1000)"), "{fix}");
}

#[test]
fn h20_totals_since_boot_are_no_fault() {
    let records = judged(&snapshot(0, 900, 900), &snapshot(1_000, 900, 900));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn h20_a_processor_that_stops_with_work_left_is_an_info_from_ten_times_a_second() {
    let records = judged(&snapshot(0, 0, 5), &snapshot(2_000, 0, 24));
    assert_eq!(records[0].status, Status::Pass);
    let records = judged(&snapshot(0, 0, 5), &snapshot(2_000, 0, 25));
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Info));
    assert_eq!(records[0].confidence, Confidence::Low);
}

#[test]
fn h20_a_processor_that_was_not_seen_before_is_not_fine() {
    let before =
        ground::snapshot(0, Network { softnet: Probed::Seen(Vec::new()), ..Network::default() });
    assert_eq!(judged(&before, &snapshot(1_000, 0, 0))[0].status, Status::Skip);
}

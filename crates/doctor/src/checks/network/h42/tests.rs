use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Snapshot};

fn snapshot(at_ms: u64, pages: u64, orphans: u64, aborts: u64, pressures: u64) -> Snapshot {
    let counters = [(ABORTS.to_owned(), aborts), (PRESSURES.to_owned(), pressures)];
    let memory = TcpMemory { pages, orphans, pressure: 1_000, most: 2_000 };
    let network = Network {
        tcp_ext: Probed::Seen(BTreeMap::from(counters)),
        tcp_memory: Probed::Seen(memory),
        settings: BTreeMap::from([(ORPHANS.to_owned(), Probed::Seen(100))]),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(after: &Snapshot) -> Vec<Record> {
    CHECK.judge(&Window { before: &snapshot(0, 0, 0, 70, 70), after })
}

#[test]
fn h42_pages_are_a_warning_from_the_second_bound_and_critical_from_the_third() {
    let of = |pages| judged(&snapshot(1_000, pages, 0, 70, 70)).remove(0);
    assert_eq!(of(999).status, Status::Pass);
    assert_eq!(of(1_000).severity, Severity::Warning);
    assert_eq!(of(1_999).severity, Severity::Warning);
    let record = of(2_000);
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(
        record.observed,
        "buffers of TCP take 2000 pages, 7 MiB; it saves from 1000 on, and takes at most 2000; 0 connections were reset for want of memory in 1.0 s"
    );
    assert!(record.fix.contains("tcp_mem=\"1000 2000 4000\""), "{}", record.fix);
}

#[test]
fn h42_counters_count_by_what_they_grew() {
    let aborted = judged(&snapshot(1_000, 10, 0, 71, 70)).remove(0);
    assert_eq!((aborted.aspect, aborted.severity), (Some("memory"), Severity::Critical));
    let pressed = judged(&snapshot(1_000, 10, 0, 70, 71)).remove(0);
    assert_eq!((pressed.status, pressed.severity), (Status::Fail, Severity::Warning));
}

#[test]
fn h42_half_of_the_orphans_that_may_be_are_a_warning() {
    assert_eq!(judged(&snapshot(1_000, 10, 49, 70, 70))[0].status, Status::Pass);
    let record = judged(&snapshot(1_000, 10, 50, 70, 70)).remove(0);
    assert_eq!((record.aspect, record.severity), (Some("orphans"), Severity::Warning));
}

#[test]
fn h42_bounds_that_only_the_machine_has_are_not_fine_in_a_container() {
    let mut after = snapshot(1_000, 10, 0, 71, 70);
    ground::seen(&mut after.host.network).tcp_memory =
        Probed::Absent("/proc/sys/net/ipv4/tcp_mem".to_owned());
    let status: Vec<_> = judged(&after).iter().map(|it| it.status).collect();
    assert_eq!(status, [Status::Fail, Status::Skip]);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Network, Probed, Snapshot};

fn snapshot(at_ms: u64, drops: u64, cookies: u64, setting: u64) -> Snapshot {
    let counters = [(DROPS.to_owned(), drops), (COOKIES.to_owned(), cookies)];
    let network = Network {
        tcp_ext: Probed::Seen(BTreeMap::from(counters)),
        settings: BTreeMap::from([(SETTING.to_owned(), Probed::Seen(setting))]),
        ..Network::default()
    };
    ground::snapshot(at_ms, network)
}

fn judged(before: &Snapshot, after: &Snapshot) -> Vec<Record> {
    CHECK.judge(&Window { before, after })
}

#[test]
fn h15_drops_are_critical_and_cookies_a_warning() {
    let records = judged(&snapshot(0, 5, 7, 0), &snapshot(2_000, 6, 9, 1));
    let told: Vec<_> = records.iter().map(|it| (it.severity, it.observed.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                Severity::Critical,
                "1 first segments of connections were dropped in 2.0 s: their queue is full"
            ),
            (
                Severity::Warning,
                "2 connections were answered with a cookie in 2.0 s: their queue is full"
            ),
        ]
    );
    assert!(records[0].fix.starts_with("sysctl -w net.ipv4.tcp_syncookies=1 (undo: 0)"));
}

#[test]
fn h15_totals_since_boot_are_no_fault() {
    let records = judged(&snapshot(0, 9_000, 9_000, 1), &snapshot(1_000, 9_000, 9_000, 1));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn h15_cookies_that_are_sent_always_prove_nothing() {
    let records = judged(&snapshot(0, 0, 7, 2), &snapshot(1_000, 0, 900, 2));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn h15_a_counter_that_is_not_kept_is_not_fine() {
    let mut after = snapshot(1_000, 0, 0, 1);
    ground::seen(&mut after.host.network).tcp_ext = Probed::Seen(BTreeMap::new());
    assert_eq!(judged(&snapshot(0, 0, 0, 1), &after)[0].status, Status::Skip);
}

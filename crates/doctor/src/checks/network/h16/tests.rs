use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Conntrack, Network, Probed, Process, Snapshot};

fn space(count: u64, dropped: u64, evicted: u64, collided: u64) -> Tracked {
    let process = Some(Process { pid: 812, name: "nginx".to_owned() });
    Tracked { space: "net:[7]".to_owned(), process, count, dropped, evicted, collided }
}

fn snapshot(at_ms: u64, spaces: Vec<Tracked>) -> Snapshot {
    let conntrack = Probed::Seen(Conntrack { max: 1_000, spaces, unseen: 0 });
    ground::snapshot(at_ms, Network { conntrack, ..Network::default() })
}

fn judged(before: Tracked, after: Tracked, seconds: u64) -> Vec<Record> {
    let (before, after) = (snapshot(0, vec![before]), snapshot(seconds * 1_000, vec![after]));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn h16_three_quarters_of_the_table_are_a_warning_and_less_is_none() {
    let below = judged(space(749, 9, 9, 9), space(749, 9, 9, 9), 1);
    assert_eq!(below[0].status, Status::Pass);
    let records = judged(space(750, 9, 9, 9), space(750, 9, 9, 9), 1);
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(records[0].observed, "750 of 1000 tracked connections, 75 %");
    assert_eq!(records[0].target, "host namespace of pid 812 \"nginx\"");
    assert!(records[0].impact.starts_with("250 more and it is full"), "{}", records[0].impact);
    assert!(records[0].fix.contains("nf_conntrack_max=2000 (undo: 1000)"), "{}", records[0].fix);
}

#[test]
fn h16_entries_that_go_early_are_critical_though_the_count_is_below_its_bound() {
    let records = judged(space(10, 0, 4, 0), space(10, 0, 5, 0), 2);
    assert_eq!(records[0].severity, Severity::Critical);
    assert_eq!(
        records[0].observed,
        "10 of 1000 tracked connections, 1 %; 0 packets dropped and 1 entries gone early in 2.0 s"
    );
}

#[test]
fn h16_packets_of_colliding_entries_are_no_want_of_room() {
    let records = judged(space(10, 5, 0, 5), space(10, 8, 0, 8), 1);
    assert_eq!(records[0].status, Status::Pass);
    assert!(records[0].observed.ends_with("; 3 collided"), "{}", records[0].observed);
    let records = judged(space(10, 5, 0, 5), space(10, 8, 0, 7), 1);
    assert_eq!(records[0].severity, Severity::Critical);
}

#[test]
fn h16_when_it_is_full_is_told_of_long_windows_only() {
    let long = judged(space(700, 0, 0, 0), space(800, 0, 0, 0), 60);
    assert!(long[0].impact.starts_with("full in 2 min (100 more in 60 s)"), "{}", long[0].impact);
    let short = judged(space(700, 0, 0, 0), space(800, 0, 0, 0), 59);
    assert!(short[0].impact.starts_with("200 more and it is full"), "{}", short[0].impact);
}

#[test]
fn h16_namespaces_that_may_not_be_seen_are_not_fine_and_where_nothing_is_tracked_it_is_out_of_place()
 {
    let (before, mut after) = (snapshot(0, Vec::new()), snapshot(1_000, Vec::new()));
    let network = ground::seen(&mut after.host.network);
    ground::seen(&mut network.conntrack).unseen = 3;
    let status = |after: &Snapshot| {
        CHECK.judge(&Window { before: &before, after }).first().map(|it| it.status)
    };
    assert_eq!(status(&after), Some(Status::Skip));
    ground::seen(&mut after.host.network).conntrack =
        Probed::Absent("/proc/sys/net/netfilter/nf_conntrack_max".to_owned());
    assert_eq!(status(&after), Some(Status::NotApplicable));
    ground::seen(&mut after.host.network).conntrack = Probed::default();
    assert_eq!(status(&after), Some(Status::Skip));
}

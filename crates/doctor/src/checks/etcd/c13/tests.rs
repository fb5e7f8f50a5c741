use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{EtcdBucket, Probed, Window};

/// A member with so many bytes of 1,000 and nothing wrong.
fn member(db_bytes: u64, in_use_bytes: u64) -> Etcd {
    let metrics = EtcdMetrics {
        db_bytes: Some(db_bytes),
        in_use_bytes: Some(in_use_bytes),
        quota_bytes: Some(1_000),
        has_leader: Some(true),
        wal_fsync: Some(EtcdDurations::default()),
        ..EtcdMetrics::default()
    };
    Etcd { metrics: Probed::Seen(metrics), alarms: Probed::Seen(Vec::new()), ..Etcd::default() }
}

fn judged(before: Etcd, after: Etcd) -> Vec<Record> {
    let mut first = ground::moment(1_000, ground::host());
    first.etcd.push(ground::server(":2379", before));
    let mut second = ground::moment(3_000, ground::host());
    second.etcd.push(ground::server(":2379", after));
    CHECK.judge(&Window { before: &first, after: &second })
}

fn still(member: &Etcd) -> Vec<Record> {
    judged(member.clone(), member.clone())
}

fn alarmed(mut member: Etcd, alarm: &str) -> Etcd {
    let alarm = EtcdAlarm { member: "ab12".to_owned(), alarm: alarm.to_owned() };
    member.alarms = Probed::Seen(vec![alarm]);
    member
}

#[test]
fn the_file_is_held_against_the_quota() {
    let of = |bytes| {
        let record = still(&member(bytes, 100)).remove(0);
        (record.status, record.severity)
    };
    assert_eq!(of(799).0, Status::Pass);
    assert_eq!(of(800), (Status::Fail, Severity::Warning));
    assert_eq!(of(949), (Status::Fail, Severity::Warning));
    assert_eq!(of(950), (Status::Fail, Severity::Critical));
    let record = &still(&member(800, 100))[0];
    assert_eq!(record.observed, "800 of 1000 bytes (80 %), of which 100 are in use");
    assert!(record.fix.starts_with("etcdctl defrag"), "{}", record.fix);
    assert!(still(&member(900, 850))[0].fix.starts_with("etcdctl compact"));
}

#[test]
fn an_alarm_is_critical_even_if_there_is_space_again() {
    let record = &still(&alarmed(member(100, 100), "NOSPACE"))[0];
    assert_eq!((record.severity, record.aspect), (Severity::Critical, None));
    assert_eq!(
        record.observed,
        "alarm NOSPACE of member ab12 is on: 100 of 1000 bytes (10 %), of which 100 are in use"
    );
    assert_eq!(still(&alarmed(member(100, 100), "CORRUPT"))[0].aspect, Some("corrupt"));
}

#[test]
fn what_is_not_told_is_not_fine_and_no_quota_is_no_fault() {
    let with = |change: fn(&mut EtcdMetrics)| {
        let mut one = member(999, 999);
        change(ground::seen(&mut one.metrics));
        still(&one).remove(0)
    };
    assert_eq!(with(|it| it.quota_bytes = Some(0)).status, Status::Pass);
    assert_eq!(with(|it| it.quota_bytes = None).status, Status::Skip);
    assert_eq!(with(|it| it.db_bytes = None).status, Status::Skip);
    let mut one = member(1, 1);
    one.alarms = Probed::Denied("a user with the role root of etcd".to_owned());
    assert_eq!(still(&one)[0].status, Status::Skip);
    let mut one = member(1, 1);
    ground::seen(&mut one.metrics).has_leader = None;
    assert_eq!(still(&one)[0].status, Status::Skip);
}

#[test]
fn a_leader_is_missing_only_if_it_is_at_both_looks() {
    let mut alone = member(1, 1);
    ground::seen(&mut alone.metrics).has_leader = Some(false);
    let record = &still(&alone)[0];
    assert_eq!((record.aspect, record.severity), (Some("leader"), Severity::Critical));
    assert_eq!(record.observed, "it has known no leader for 2.0 s");
    assert_eq!(judged(member(1, 1), alone)[0].status, Status::Pass);
}

/// What is said of so many flushes more, that took so long together, and of which so many took at most 16 ms.
fn flushed(count: u64, sum_us: u64, short: u64) -> Record {
    let durations = |count, sum_us, short| EtcdDurations {
        count,
        sum_us,
        buckets: vec![
            EtcdBucket { upto_us: 8_000, count: short },
            EtcdBucket { upto_us: 16_000, count: short },
        ],
    };
    let (mut before, mut after) = (member(1, 1), member(1, 1));
    // What was before is slow, and is not judged.
    ground::seen(&mut before.metrics).wal_fsync = Some(durations(1_000, 900_000_000, 0));
    ground::seen(&mut after.metrics).wal_fsync =
        Some(durations(1_000 + count, 900_000_000 + sum_us, short));
    judged(before, after).remove(0)
}

#[test]
fn flushes_are_judged_by_what_they_took_between_the_looks() {
    assert_eq!(flushed(20, 20 * 9_999, 20).status, Status::Pass);
    let slow = flushed(20, 20 * 10_000, 20);
    assert_eq!((slow.aspect, slow.severity), (Some("fsync"), Severity::Info));
    assert_eq!(slow.observed, "20 flushes of the log in 2.0 s took 10.0 ms each");
    assert_eq!(flushed(20, 20 * 99_999, 20).severity, Severity::Info);
    assert_eq!(flushed(20, 20 * 100_000, 20).severity, Severity::Warning);
    assert_eq!(flushed(19, 19 * 100_000, 0).status, Status::Pass);
}

#[test]
fn the_slowest_hundredth_counts_where_there_is_one() {
    assert_eq!(flushed(200, 200 * 1_000, 198).status, Status::Pass);
    let slow = flushed(200, 200 * 1_000, 197);
    assert_eq!(
        slow.observed,
        "200 flushes of the log in 2.0 s took 1.0 ms each, one in a hundred more than 16 ms"
    );
    assert_eq!(flushed(99, 99 * 1_000, 0).status, Status::Pass);
}

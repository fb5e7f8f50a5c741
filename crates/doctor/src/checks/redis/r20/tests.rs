use std::collections::BTreeMap;

use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisReplica};

fn replica(link: &str, gets: u64, serves: &str) -> Redis {
    let info =
        [("role", "slave"), ("master_link_status", link), ("master_link_down_since_seconds", "77")];
    // What the doctor asks is no read.
    let calls = BTreeMap::from([
        ("get".to_owned(), gets),
        ("mget".to_owned(), 3),
        ("pttl".to_owned(), gets * 9),
    ]);
    let replica = server(&info, &[("replica-serve-stale-data", serves)]);
    Redis { calls: Probed::Seen(calls), ..replica }
}

#[test]
fn reads_of_old_data_are_told_and_earlier_ones_are_not() {
    let over = |link, serves| {
        judged_over(&CHECK, 2_000, replica(link, 5, serves), replica(link, 9, serves)).remove(0)
    };
    let record = over("down", "yes");
    assert_eq!(
        record.observed,
        "4 reads were answered in 2.0 s from data that are 77 s old: the link to its primary is down"
    );
    assert_eq!((record.severity, record.aspect), (Severity::Warning, Some("stale")));
    assert_eq!(over("down", "no").status, Status::Pass);
    assert_eq!(over("up", "yes").status, Status::Pass);
    assert_eq!(judged(&CHECK, &replica("down", 9, "yes"))[0].status, Status::Pass);
}

fn primary(before: &str, after: &str, replicas: usize) -> Record {
    let with = |copies| Redis {
        replicas: Probed::Seen(vec![RedisReplica::default(); replicas]),
        ..server(&[("sync_full", copies)], &[])
    };
    judged_over(&CHECK, 2_000, with(before), with(after)).remove(0)
}

#[test]
fn one_copy_is_a_new_replica_and_two_are_a_loop() {
    assert_eq!(primary("40", "41", 1).status, Status::Pass);
    let record = primary("40", "42", 1);
    assert_eq!(record.observed, "2 whole copies were begun in 2.0 s");
    assert_eq!(primary("40", "42", 0).status, Status::Fail);
    assert_eq!(primary("40", "40", 0).status, Status::NotApplicable);
}

#[test]
fn what_is_not_told_is_not_fine() {
    assert_eq!(judged(&CHECK, &server(&[], &[]))[0].status, Status::Skip);
    let bare = Redis { info: Probed::Denied("+info".to_owned()), ..Redis::default() };
    assert_eq!(judged(&CHECK, &bare)[0].status, Status::Skip);
}

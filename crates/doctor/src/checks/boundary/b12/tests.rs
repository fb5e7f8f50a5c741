use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn server(role: &str, refused: Option<u64>) -> Redis {
    let info = BTreeMap::from([("role".to_owned(), role.to_owned())]);
    let errors = refused.map(|count| (KIND.to_owned(), count)).into_iter().collect();
    Redis { info: Probed::Seen(info), errors: Probed::Seen(errors), ..Redis::default() }
}

fn judged(then: Redis, now: Redis) -> Record {
    let moment = |at_ms, seen| {
        let mut moment = ground::moment(at_ms, ground::host());
        moment.redis.push(ground::server(":6379", seen));
        moment
    };
    CHECK.judge(&Window { before: &moment(1_000, then), after: &moment(3_000, now) }).remove(0)
}

#[test]
fn writes_that_a_replica_refused_in_the_window_are_told() {
    let record = judged(server("slave", Some(5)), server("slave", Some(12)));
    assert_eq!(record.observed, "7 writes were refused with READONLY in 2.0 s: it is a replica");
    assert_eq!(record.target, "boundary redis :6379");
    let first = judged(server("slave", None), server("slave", Some(1)));
    assert!(first.observed.starts_with("1 writes"));
}

#[test]
fn what_it_refused_before_is_no_fault() {
    let record = judged(server("slave", Some(12)), server("slave", Some(12)));
    assert_eq!(
        (record.status, record.observed.as_str()),
        (Status::Pass, "1 replicas refused no write")
    );
}

#[test]
fn a_server_that_was_primary_in_a_look_is_not_judged() {
    for (then, now) in [("master", "slave"), ("slave", "master"), ("master", "master")] {
        let record = judged(server(then, Some(1)), server(now, Some(9)));
        assert_eq!(record.status, Status::NotApplicable);
    }
}

#[test]
fn counters_that_are_missing_or_set_back_are_not_fine() {
    let old =
        || Redis { errors: Probed::Absent("count of errors".to_owned()), ..server("slave", None) };
    assert_eq!(judged(old(), old()).status, Status::Skip);
    assert_eq!(judged(server("slave", Some(9)), server("slave", None)).status, Status::Skip);
    assert_eq!(judged(Redis::default(), server("slave", None)).status, Status::Skip);
}

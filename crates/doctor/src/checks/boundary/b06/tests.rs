use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn judged(sample: Probed<RedisSample>) -> Vec<Record> {
    let before = ground::moment(1_000, ground::host());
    let mut after = ground::moment(2_000, ground::host());
    after.redis.push(ground::server(":6379", Redis { sample, ..Redis::default() }));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn one(expiring: u64, together: u64) -> Record {
    let expiring = BTreeMap::from([("string".to_owned(), expiring)]);
    let sample =
        RedisSample { expiring, together, together_in_seconds: 3_000, ..RedisSample::default() };
    judged(Probed::Seen(sample)).remove(0)
}

#[test]
fn more_than_a_fifth_of_a_hundred_keys_is_together() {
    assert_eq!(one(1_000, 200).status, Status::Pass);
    let record = one(1_000, 201);
    assert_eq!(record.observed, "201 of 1000 sampled keys expire within one second, in 3000 s");
    assert_eq!(record.target, "boundary redis :6379");
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    assert_eq!(one(99, 99).status, Status::Pass);
    assert_eq!(one(100, 21).status, Status::Fail);
}

#[test]
fn without_a_server_it_does_not_apply_and_unseen_keys_are_not_fine() {
    let moment = ground::moment(1_000, ground::host());
    let records = CHECK.judge(&Window { before: &moment, after: &moment });
    assert_eq!(records[0].status, Status::NotApplicable);
    assert_eq!(judged(Probed::Denied("+scan".to_owned()))[0].status, Status::Skip);
}

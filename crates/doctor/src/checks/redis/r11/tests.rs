use std::collections::BTreeMap;

use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisClients};

const MIB: u64 = 1 << 20;
const LIMITS: &str = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

fn with(kind: RedisClientKind, most: u64, info: &[(&str, &str)]) -> Redis {
    let most_output_bytes = BTreeMap::from([(kind, most)]);
    let clients = RedisClients { most_output_bytes, ..RedisClients::default() };
    let config = [("client-output-buffer-limit", LIMITS)];
    Redis { clients: Probed::Seen(clients), ..server(info, &config) }
}

fn one(kind: RedisClientKind, most: u64) -> Record {
    judged(&CHECK, &with(kind, most, &[])).remove(0)
}

#[test]
fn each_kind_has_limits_of_its_own() {
    use RedisClientKind::{Normal, Primary, Pubsub, Replica};
    assert_eq!(one(Pubsub, 8 * MIB - 1).status, Status::Pass);
    assert_eq!(
        one(Pubsub, 8 * MIB).observed,
        "a subscriber has not fetched 8.0 MiB; it may have 32.0 MiB at once or 8.0 MiB for 60 s"
    );
    assert_eq!(one(Replica, 63 * MIB).status, Status::Pass);
    assert_eq!(one(Replica, 64 * MIB).status, Status::Fail);
    assert_eq!(one(Normal, 32 * MIB - 1).status, Status::Pass);
    assert!(one(Normal, 32 * MIB).observed.ends_with("it may have no limit"));
    assert_eq!(one(Primary, 999 * MIB).status, Status::Pass);
}

#[test]
fn clients_that_were_cut_off_meanwhile_are_told() {
    let with = |count| with(RedisClientKind::Normal, 0, &[(CUT, count)]);
    let record = judged_over(&CHECK, 2_000, with("4"), with("6")).remove(0);
    assert_eq!(
        record.observed,
        "2 clients were cut off in 2.0 s, as they did not fetch their replies"
    );
    assert_eq!(judged(&CHECK, &with("6"))[0].status, Status::Pass);
}

#[test]
fn a_version_that_does_not_count_says_so() {
    let record = one(RedisClientKind::Normal, 0);
    assert!(record.observed.starts_with("this version does not count"), "{}", record.observed);
}

#[test]
fn clients_that_may_not_be_listed_are_not_fine() {
    let clients = Probed::Denied("+client|list".to_owned());
    let server = Redis { clients, ..with(RedisClientKind::Normal, 0, &[]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

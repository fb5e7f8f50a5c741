use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn with(cluster: RedisCluster, used: &str) -> Redis {
    let info = [
        ("cluster_enabled", "1"),
        ("used_memory", used),
        ("maxmemory", "1000"),
        ("total_system_memory", "100000"),
    ];
    Redis { cluster: Probed::Seen(cluster), ..server(&info, &[]) }
}

fn whole() -> RedisCluster {
    RedisCluster { state: "ok".to_owned(), assigned: 16_384, nodes: 6, ..RedisCluster::default() }
}

fn one(cluster: RedisCluster) -> Record {
    judged(&CHECK, &with(cluster, "1")).remove(0)
}

#[test]
fn each_slot_has_a_node_that_is_there() {
    assert_eq!(one(whole()).status, Status::Pass);
    let record = one(RedisCluster { assigned: 16_383, state: "fail".to_owned(), ..whole() });
    assert_eq!(
        record.observed,
        "cluster_state is fail: 1 slots have no node, 0 one that has failed, 0 one that does not answer"
    );
    assert_eq!((record.severity, record.aspect), (Severity::Critical, Some("slots")));
    assert_eq!(one(RedisCluster { failed: 5, ..whole() }).severity, Severity::Critical);
    assert_eq!(one(RedisCluster { suspected: 5, ..whole() }).severity, Severity::Warning);
}

#[test]
fn slots_move_where_there_is_room() {
    let moving = || RedisCluster { migrating: vec![7], importing: vec![8, 9], ..whole() };
    let of = |used| judged(&CHECK, &with(moving(), used)).remove(0);
    assert_eq!(of("800").status, Status::Pass);
    let record = of("810");
    assert_eq!(record.aspect, Some("room"));
    assert!(record.observed.starts_with("3 slots are on their way"), "{}", record.observed);
    assert_eq!(judged(&CHECK, &with(whole(), "999")).remove(0).status, Status::Pass);
}

#[test]
fn a_slot_is_stuck_that_is_still_on_its_way_after_a_minute() {
    let moving = |slots: &[u64]| with(RedisCluster { migrating: slots.to_vec(), ..whole() }, "1");
    let over = |ms, before: &[u64], after: &[u64]| {
        judged_over(&CHECK, ms, moving(before), moving(after)).remove(0)
    };
    assert_eq!(over(59_000, &[7], &[7]).status, Status::Pass);
    assert_eq!(
        over(60_000, &[7, 8], &[8, 9]).observed,
        "the same 1 slots have been on their way for 60 s"
    );
    assert_eq!(over(60_000, &[7], &[8]).status, Status::Pass);
}

#[test]
fn a_server_that_stands_alone_has_no_slots_and_one_that_does_not_tell_is_not_fine() {
    let alone = server(&[("cluster_enabled", "0")], &[]);
    assert_eq!(judged(&CHECK, &alone)[0].status, Status::NotApplicable);
    let denied =
        Redis { cluster: Probed::Denied("+cluster|info".to_owned()), ..with(whole(), "1") };
    assert_eq!(judged(&CHECK, &denied)[0].status, Status::Skip);
}

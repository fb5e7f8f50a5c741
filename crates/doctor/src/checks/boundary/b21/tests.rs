use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIdentity, Probed, Server};

fn redis(info: &[(&str, &str)], wanted: &str) -> Redis {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let config = [own(&("min-replicas-to-write", wanted))].into();
    Redis {
        info: Probed::Seen(info.iter().map(own).collect()),
        config: Probed::Seen(config),
        ..Redis::default()
    }
}

fn primary(connected: &str) -> Redis {
    redis(&[("role", "master"), ("connected_slaves", connected)], "0")
}

fn replica(priority: &str) -> Redis {
    redis(&[("role", "slave"), ("slave_priority", priority)], "0")
}

fn of_redis(all: Vec<Redis>) -> Vec<Record> {
    let name = |(at, seen)| -> Server<Redis> { ground::server(&format!(":{at}"), seen) };
    let mut after = ground::moment(2_000, ground::host());
    after.redis = (6_379..).zip(all).map(name).collect();
    CHECK.judge(&Window { before: &ground::moment(1_000, ground::host()), after: &after })
}

#[test]
fn replicas_that_all_have_priority_0_are_told() {
    let record = of_redis(vec![primary("2"), replica("0"), replica("0")]).remove(0);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("priority")));
    assert_eq!(record.observed, "each of its 2 replicas has replica-priority 0");
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    let record = of_redis(vec![primary("2"), replica("0"), replica("1")]).remove(0);
    assert_eq!(
        (record.status, record.observed.as_str()),
        (Status::Pass, "redis :6379 has 2 replicas")
    );
}

#[test]
fn a_replica_that_is_not_seen_may_take_over() {
    let record = of_redis(vec![primary("2"), replica("0")]).remove(0);
    assert_eq!(record.status, Status::Skip);
    assert_eq!(
        record.observed,
        "there is no look at all 2 replicas of redis :6379, only at 1: name each with --redis"
    );
    assert_eq!(of_redis(vec![replica("0")])[0].status, Status::NotApplicable);
    assert_eq!(of_redis(vec![primary("0")])[0].status, Status::NotApplicable);
    let clustered =
        redis(&[("role", "slave"), ("slave_priority", "0"), ("cluster_enabled", "1")], "0");
    assert_eq!(of_redis(vec![primary("1"), clustered])[0].status, Status::NotApplicable);
}

#[test]
fn writes_need_as_many_replicas_as_they_ask_for() {
    let asking = |there, wanted| {
        let info =
            [("role", "master"), ("connected_slaves", "0"), ("min_slaves_good_slaves", there)];
        of_redis(vec![redis(&info, wanted)]).remove(0)
    };
    let record = asking("1", "2");
    assert_eq!((record.aspect, record.severity), (Some("min-replicas"), Severity::Critical));
    assert_eq!(record.observed, "1 replicas are near enough, and min-replicas-to-write is 2");
    assert_eq!(asking("2", "2").status, Status::Pass);
    assert_eq!(asking("0", "0").status, Status::NotApplicable);
    let hidden = Redis { config: Probed::Denied("+config|get".to_owned()), ..primary("0") };
    assert_eq!(of_redis(vec![hidden])[0].status, Status::Skip);
}

fn slot(active: bool, inactive_s: Option<u64>) -> PostgresSlot {
    PostgresSlot {
        name: "standby_2".to_owned(),
        kind: "physical".to_owned(),
        restart_lsn: Some("0/1".to_owned()),
        active,
        inactive_s,
        ..PostgresSlot::default()
    }
}

fn postgres(slot: PostgresSlot, in_recovery: bool) -> Postgres {
    let identity = PostgresIdentity { in_recovery, ..PostgresIdentity::default() };
    let (identity, slots) = (Probed::Seen(identity), Probed::Seen(vec![slot]));
    Postgres { identity, slots, ..Postgres::default() }
}

fn slots_of(then: PostgresSlot, now: PostgresSlot) -> Record {
    ground::judge_postgres(&CHECK, 1, postgres(then, false), postgres(now, false)).remove(0)
}

#[test]
fn a_slot_without_its_standby_in_both_looks_is_told() {
    let record = slots_of(slot(false, None), slot(false, None));
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("slot")));
    assert_eq!(record.observed, "no standby reads from physical slot \"standby_2\"");
    assert_eq!(record.target, "boundary postgres :5432 slot standby_2");
    assert_eq!(slots_of(slot(true, None), slot(false, None)).status, Status::Pass);
    assert_eq!(slots_of(slot(false, None), slot(true, None)).status, Status::Pass);
    assert_eq!(slots_of(slot(false, Some(58)), slot(false, Some(59))).status, Status::Pass);
    assert_eq!(slots_of(slot(false, Some(59)), slot(false, Some(60))).status, Status::Fail);
}

#[test]
fn a_standby_an_unused_slot_and_a_logical_one_are_not_judged() {
    let standby = || postgres(slot(false, None), true);
    let judged = ground::judge_postgres(&CHECK, 1, standby(), standby()).remove(0);
    assert_eq!(judged.status, Status::NotApplicable);
    let unused = || PostgresSlot { restart_lsn: None, ..slot(false, None) };
    assert_eq!(slots_of(unused(), unused()).status, Status::NotApplicable);
    let logical = || PostgresSlot { kind: "logical".to_owned(), ..slot(false, None) };
    assert_eq!(slots_of(logical(), logical()).status, Status::NotApplicable);
}

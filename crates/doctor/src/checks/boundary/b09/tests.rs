use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Mysql, Postgres, Redis};

fn offset(ahead_us: i64, delay_us: u64) -> Probed<Offset> {
    Probed::Seen(Offset { ahead_us, delay_us })
}

/// PostgreSQL and Redis with these clocks.
fn judged(facts: &[(&str, &str)], postgres: Probed<Offset>, redis: Probed<Offset>) -> Record {
    let (before, mut after) = (ground::said(1, facts), ground::said(2_001, facts));
    let postgres = Postgres { clock: postgres, ..Postgres::default() };
    after.postgres = vec![ground::server(":5432", postgres)];
    after.redis = vec![ground::server("cache:6379", Redis { clock: redis, ..Redis::default() })];
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn what_the_way_may_hide_counts_for_the_server() {
    let status = |ahead, delay| judged(&[], offset(ahead, delay), offset(0, 0)).status;
    assert_eq!(status(50_000, 0), Status::Pass);
    assert_eq!(status(50_001, 0), Status::Fail);
    assert_eq!(status(-50_001, 0), Status::Fail);
    assert_eq!(status(52_000, 4_000), Status::Pass);
    assert_eq!(status(52_001, 4_000), Status::Fail);
}

#[test]
fn two_servers_may_be_too_far_apart_though_each_is_near_to_this_machine() {
    let record = judged(&[], offset(40_000, 2_000), offset(-20_000, 2_000));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "boundary postgres :5432 and redis cache:6379");
    assert_eq!(
        record.observed,
        "the clock of postgres :5432 is at least 0.058 s ahead of that of redis cache:6379"
    );
    assert_eq!(record.evidence[1].value, "-20000 us ahead, +/- 1000 us");
}

#[test]
fn beyond_the_room_that_leases_leave_it_is_critical() {
    let fact = [(FACT, "200ms")];
    let record = judged(&fact, offset(200_001, 0), offset(0, 0));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(judged(&fact, offset(200_000, 0), offset(0, 0)).status, Status::Pass);
}

#[test]
fn a_server_that_does_not_tell_is_not_fine() {
    let denied = Probed::Denied("+time in the ACL of its user".to_owned());
    let record = judged(&[], offset(0, 0), denied);
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("+time"), "{}", record.observed);
}

#[test]
fn without_servers_there_is_nothing_to_compare() {
    let (before, mut after) = (ground::said(1, &[]), ground::said(2_001, &[]));
    let status = |after: &_| CHECK.judge(&Window { before: &before, after })[0].status;
    assert_eq!(status(&after), Status::NotApplicable);
    let mysql = Mysql { clock: offset(-60_000, 0), ..Mysql::default() };
    after.mysql = vec![ground::server(":3306", mysql)];
    assert_eq!(status(&after), Status::Fail);
}

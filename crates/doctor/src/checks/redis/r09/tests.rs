use super::*;
use crate::checks::redis::ground::{judged, server, with_keys};
use crate::record::{Record, Status};

fn one(policy: &str, stale: &str, keys: u64, expires: u64) -> Record {
    let info = [("maxmemory", "1000"), ("maxmemory_policy", policy), ("expired_stale_perc", stale)];
    judged(&CHECK, &with_keys(server(&info, &[]), keys, expires)).remove(0)
}

#[test]
fn half_of_a_hundred_keys_without_a_time_to_live_are_too_many() {
    let record = one("volatile-lru", "0.00", 1_000, 500);
    assert_eq!(
        record.observed,
        "500 of 1000 keys never expire, and volatile-lru may not evict them"
    );
    assert_eq!((record.severity, record.aspect), (Severity::Warning, Some("lasting")));
    assert_eq!(one("volatile-lru", "0.00", 1_000, 501).status, Status::Pass);
    assert_eq!(one("volatile-lru", "0.00", 99, 0).status, Status::Pass);
    assert_eq!(one("allkeys-lru", "0.00", 1_000, 0).status, Status::Pass);
}

#[test]
fn more_than_a_quarter_past_its_time_is_stale() {
    assert_eq!(one("allkeys-lru", "25.00", 1_000, 900).status, Status::Pass);
    let record = one("allkeys-lru", "26.00", 1_000, 900);
    assert_eq!(record.aspect, Some("stale"));
    assert_eq!(one("allkeys-lru", "90.00", 1_000, 99).status, Status::Pass);
}

#[test]
fn without_a_limit_it_is_no_cache_and_unknown_keys_are_not_fine() {
    let none = server(&[("maxmemory", "0")], &[]);
    assert_eq!(judged(&CHECK, &none)[0].status, Status::NotApplicable);
    let info = [("maxmemory", "1"), ("maxmemory_policy", "volatile-lru")];
    assert_eq!(judged(&CHECK, &server(&info, &[]))[0].status, Status::Skip);
}

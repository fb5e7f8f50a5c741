use super::*;
use crate::checks::redis::ground::{judged, judged_over, server, with_keys, with_workers};
use crate::record::Status;
use crate::snapshot::Probed;

fn holding(policy: &str, used: &str, evicted: &str) -> Redis {
    let info = [
        ("maxmemory", "1000000"),
        ("maxmemory_policy", policy),
        ("used_memory", used),
        ("mem_not_counted_for_evict", "10000"),
        ("evicted_keys", evicted),
    ];
    server(&info, &[])
}

#[test]
fn what_may_evict_nothing_is_told_from_ninety_percent_on() {
    let of = |policy, used| {
        let record = judged(&CHECK, &holding(policy, used, "0")).remove(0);
        (record.status, record.severity)
    };
    assert_eq!(of("noeviction", "909999").0, Status::Pass);
    assert_eq!(of("noeviction", "910000"), (Status::Fail, Severity::Warning));
    assert_eq!(of("noeviction", "989999"), (Status::Fail, Severity::Warning));
    assert_eq!(of("noeviction", "990000"), (Status::Fail, Severity::Critical));
    assert_eq!(of("volatile-lru", "910000").0, Status::Fail);
    assert_eq!(of("allkeys-lru", "990000").0, Status::Pass);
    let record = &judged(&CHECK, &holding("noeviction", "960000", "0"))[0];
    assert_eq!(
        record.observed,
        "95 % of maxmemory is taken, 0.9 MiB of 1.0 MiB, and noeviction finds nothing to evict"
    );
    assert_eq!(record.aspect, Some("full"));
}

#[test]
fn keys_with_a_time_to_live_can_be_evicted() {
    let volatile = with_keys(holding("volatile-lru", "990000", "0"), 10, 1);
    assert_eq!(judged(&CHECK, &volatile)[0].status, Status::Pass);
}

#[test]
fn jobs_that_may_be_evicted_are_critical_once_keys_are() {
    let with = |evicted| with_workers(holding("allkeys-lru", "10", evicted), 2);
    let quiet = &judged_over(&CHECK, 2_000, with("900"), with("900"))[0];
    assert_eq!((quiet.aspect, quiet.severity), (Some("kept"), Severity::Warning));
    let busy = &judged_over(&CHECK, 2_000, with("900"), with("907"))[0];
    assert_eq!(busy.severity, Severity::Critical);
    assert_eq!(
        busy.observed,
        "allkeys-lru may evict any key, although 2 clients wait in brpop; 7 were evicted meanwhile"
    );
    // A cache may keep all its keys for ever.
    let cache = with_keys(holding("allkeys-lru", "10", "900"), 1_000, 0);
    assert_eq!(judged(&CHECK, &cache)[0].status, Status::Pass);
}

#[test]
fn without_a_limit_it_is_not_for_this_check_and_unseen_keys_are_not_fine() {
    let none = server(&[("maxmemory", "0")], &[]);
    assert_eq!(judged(&CHECK, &none)[0].status, Status::NotApplicable);
    let unsampled = Redis {
        sample: Probed::Denied("+scan".to_owned()),
        ..with_keys(holding("allkeys-lru", "10", "0"), 5, 5)
    };
    assert_eq!(judged(&CHECK, &unsampled)[0].status, Status::Skip);
}

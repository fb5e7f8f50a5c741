use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::Status;
use crate::snapshot::{Probed, RedisProcess};

const MIB: u64 = 1 << 20;

fn holding(limit: u64, policy: &str, resident: u64, most: u64) -> Redis {
    let [limit, resident, most] = [limit, resident, most].map(|it| it.to_string());
    let info = [
        ("maxmemory", limit.as_str()),
        ("maxmemory_policy", policy),
        ("used_memory_rss", resident.as_str()),
        ("used_memory", resident.as_str()),
        ("total_system_memory", most.as_str()),
    ];
    server(&info, &[])
}

#[test]
fn no_limit_is_told_from_half_of_the_memory_on() {
    let of = |resident| {
        let record = &judged(&CHECK, &holding(0, "noeviction", resident * MIB, 1_000 * MIB))[0];
        (record.status, record.severity)
    };
    assert_eq!(of(499).0, Status::Pass);
    assert_eq!(of(500), (Status::Fail, Severity::Warning));
    assert_eq!(of(799), (Status::Fail, Severity::Warning));
    assert_eq!(of(800), (Status::Fail, Severity::Critical));
    let record = &judged(&CHECK, &holding(0, "noeviction", 600 * MIB, 1_000 * MIB))[0];
    assert_eq!(
        record.observed,
        "maxmemory is 0, and it holds 600.0 MiB of the 1000.0 MiB that the machine has, 60 %"
    );
    // A tenth more than it holds, as less would refuse writes at once.
    assert!(record.fix.starts_with("CONFIG SET maxmemory 660mb"), "{}", record.fix);
    let full = &judged(&CHECK, &holding(0, "noeviction", 850 * MIB, 1_000 * MIB))[0];
    assert!(!full.fix.contains("CONFIG SET"), "there is no room for a limit: {}", full.fix);
    assert_eq!(
        judged(&CHECK, &holding(MIB, "noeviction", 900 * MIB, 1_000 * MIB))[0].status,
        Status::Pass
    );
}

#[test]
fn what_is_swapped_out_counts_for_a_limit_and_what_is_not_known_is_no_reason_for_one() {
    let swapped = |used: Option<&str>| {
        let mut server = holding(0, "allkeys-lru", 600 * MIB, 1_000 * MIB);
        let info = crate::ground::seen(&mut server.info);
        info.remove("used_memory");
        info.extend(used.map(|it| ("used_memory".to_owned(), it.to_owned())));
        let record = judged(&CHECK, &server).remove(0);
        (record.steps.len(), record.fix)
    };
    let (count, fix) = swapped(Some(&(750 * MIB).to_string()));
    assert_eq!((count, fix.starts_with("CONFIG SET maxmemory 825mb")), (1, true), "{fix}");
    let (count, fix) = swapped(Some(&(1_500 * MIB).to_string()));
    assert_eq!((count, fix.contains("CONFIG SET")), (0, false), "it would throw away keys: {fix}");
    assert_eq!(swapped(None).0, 0);
}

#[test]
fn the_limit_of_its_control_group_counts_where_it_is_less() {
    let within = |memory_max| {
        let process = Probed::Seen(RedisProcess { memory_max, ..RedisProcess::default() });
        let server = Redis { process, ..holding(0, "noeviction", 60 * MIB, 1_000 * MIB) };
        judged(&CHECK, &server)[0].status
    };
    assert_eq!(within(Some(100 * MIB)), Status::Fail);
    assert_eq!(within(Some(2_000 * MIB)), Status::Pass);
    assert_eq!(within(None), Status::Pass);
}

#[test]
fn a_policy_without_a_limit_and_a_limit_above_the_memory_are_faces_of_their_own() {
    let records = judged(&CHECK, &holding(0, "allkeys-lru", MIB, 1_000 * MIB));
    assert_eq!(records[0].aspect, Some("policy"));
    assert_eq!(
        judged(&CHECK, &holding(1_001 * MIB, "noeviction", MIB, 1_000 * MIB))[0].aspect,
        Some("above")
    );
    assert_eq!(
        judged(&CHECK, &holding(1_000 * MIB, "noeviction", MIB, 1_000 * MIB))[0].status,
        Status::Pass
    );
}

#[test]
fn a_server_that_does_not_tell_is_not_fine() {
    assert_eq!(judged(&CHECK, &server(&[("maxmemory", "0")], &[]))[0].status, Status::Skip);
}

use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisLatency, RedisProcess};

const GIB: u64 = 1 << 30;

fn with(late: &str, fork_usec: u64, used: u64, copied: u64) -> Redis {
    let [fork_usec, used, copied] = [fork_usec, used, copied].map(|it| it.to_string());
    let most = (64 * GIB).to_string();
    let info = [
        ("aof_enabled", "1"),
        ("aof_delayed_fsync", late),
        ("latest_fork_usec", fork_usec.as_str()),
        ("used_memory", used.as_str()),
        ("used_memory_rss", used.as_str()),
        ("rdb_last_cow_size", "0"),
        ("aof_last_cow_size", copied.as_str()),
        ("total_system_memory", most.as_str()),
    ];
    server(&info, &[])
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn flushes_that_were_late_meanwhile_are_told_and_earlier_ones_are_not() {
    let mut after = with("16", 0, GIB, 0);
    let event = RedisLatency {
        event: "aof-write".to_owned(),
        at_seconds: 1,
        last_ms: 900,
        longest_ms: 2_100,
    };
    after.latency = Probed::Seen(vec![event]);
    let record = judged_over(&CHECK, 2_000, with("2", 0, GIB, 0), after).remove(0);
    assert_eq!(
        record.observed,
        "14 writes of the append-only file waited in 2.0 s: a flush took more than 2 s"
    );
    assert_eq!(record.aspect, Some("fsync"));
    assert_eq!(record.evidence[1].value, "last 900 ms, longest 2100 ms");
    assert_eq!(one(&with("16", 0, GIB, 0)).status, Status::Pass);
}

#[test]
fn a_fork_is_slow_below_ten_gigabytes_a_second_and_from_a_tenth_of_a_second_on() {
    assert_eq!(one(&with("0", 99_999, GIB / 2, 0)).status, Status::Pass);
    assert_eq!(one(&with("0", 200_000, 2 * GIB, 0)).status, Status::Pass);
    let slow = one(&with("0", 200_001, 2 * GIB, 0));
    assert_eq!((slow.aspect, slow.severity), (Some("fork"), Severity::Warning));
    assert_eq!(
        one(&with("0", 400_000, GIB, 0)).observed,
        "the last fork took 400 ms for 1024.0 MiB, 2.5 GiB a second"
    );
}

#[test]
fn copies_have_to_fit_beside_what_is_resident() {
    assert_eq!(one(&with("0", 0, 60 * GIB, 4 * GIB)).status, Status::Pass);
    assert_eq!(one(&with("0", 0, 60 * GIB, 4 * GIB + 1)).aspect, Some("cow"));
    let process = RedisProcess { memory_max: Some(GIB), ..RedisProcess::default() };
    let within = Redis { process: Probed::Seen(process), ..with("0", 0, GIB / 2, GIB) };
    assert!(
        one(&within).observed.ends_with("1024.0 MiB that its control group has"),
        "{:?}",
        one(&within)
    );
}

#[test]
fn a_server_without_a_file_needs_no_counter_and_one_with_a_file_does() {
    let mut bare = with("0", 0, GIB, 0);
    crate::ground::seen(&mut bare.info).remove("aof_delayed_fsync");
    assert_eq!(one(&bare).status, Status::Skip);
    crate::ground::seen(&mut bare.info).insert("aof_enabled".to_owned(), "0".to_owned());
    assert_eq!(one(&bare).status, Status::Pass);
}

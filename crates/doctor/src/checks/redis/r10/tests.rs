use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisSample};

fn entry(id: u64, at_seconds: u64, micros: u64, command: &str) -> RedisSlow {
    RedisSlow { id, at_seconds, micros, command: command.to_owned() }
}

fn with(log: Vec<RedisSlow>) -> Redis {
    let info = [("server_time_usec", "10000000000")];
    Redis { slow: Probed::Seen(log), ..server(&info, &[]) }
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn keys_is_told_at_any_length_and_others_from_a_tenth_of_a_second_on() {
    let log = vec![entry(3, 9_990, 12_300, "keys"), entry(2, 9_980, 11_000, "keys")];
    let record = one(&with(log));
    assert_eq!(
        record.observed,
        "keys took 12.3 ms, the slowest of 2 such commands in the slow log of late"
    );
    assert_eq!((record.severity, record.aspect), (Severity::Warning, Some("slow")));
    assert_eq!(one(&with(vec![entry(1, 9_990, 99_999, "hgetall")])).status, Status::Pass);
    assert_eq!(one(&with(vec![entry(1, 9_990, 100_000, "hgetall")])).status, Status::Fail);
    assert_eq!(one(&with(vec![entry(1, 9_990, 900_000, "evalsha")])).status, Status::Pass);
}

#[test]
fn what_is_older_than_ten_minutes_is_over() {
    assert_eq!(one(&with(vec![entry(1, 9_399, 50_000, "keys")])).status, Status::Pass);
    assert_eq!(one(&with(vec![entry(1, 9_400, 50_000, "keys")])).status, Status::Fail);
}

#[test]
fn a_server_that_does_not_tell_the_time_is_judged_by_what_came_meanwhile() {
    let old = |log| Redis { slow: Probed::Seen(log), ..server(&[], &[]) };
    let first = vec![entry(7, 1, 50_000, "keys")];
    assert_eq!(one(&old(first.clone())).status, Status::Pass);
    let second = vec![entry(8, 2, 60_000, "keys"), entry(7, 1, 50_000, "keys")];
    let records = judged_over(&CHECK, 2_000, old(first), old(second));
    assert!(records[0].observed.contains("60.0 ms, the slowest of 1 "), "{records:?}");
}

#[test]
fn a_sampled_key_is_large_from_ten_mebibytes_on() {
    let sampled = |bytes| {
        let largest = vec![RedisLarge { kind: "hash".to_owned(), bytes }];
        let sample = RedisSample { keys: 1, measured: 1, largest, ..RedisSample::default() };
        one(&Redis { sample: Probed::Seen(sample), ..with(Vec::new()) })
    };
    assert_eq!(sampled(LARGE_BYTES - 1).status, Status::Pass);
    assert_eq!(sampled(12 << 20).observed, "a sampled key, a hash, takes 12.0 MiB");
    let unmeasured = RedisSample { keys: 1, ..RedisSample::default() };
    assert_eq!(
        one(&Redis { sample: Probed::Seen(unmeasured), ..with(Vec::new()) }).status,
        Status::Skip
    );
}

#[test]
fn a_log_that_may_not_be_read_is_not_fine() {
    let server = Redis { slow: Probed::Denied("+slowlog".to_owned()), ..with(Vec::new()) };
    assert_eq!(one(&server).status, Status::Skip);
}

use std::collections::BTreeMap;

use super::*;
use crate::checks::redis::ground::{judged, server, with_keys, with_workers};
use crate::record::Status;
use crate::snapshot::{Probed, RedisPrefix, RedisReplica, RedisSample};

fn unsaved() -> Redis {
    server(&[("aof_enabled", "0")], &[("save", "")])
}

#[test]
fn a_cache_that_writes_nothing_is_fine() {
    for cache in [unsaved(), with_keys(unsaved(), 1_000, 501), with_keys(unsaved(), 99, 0)] {
        let records = judged(&CHECK, &cache);
        assert_eq!(records[0].status, Status::Pass, "{records:?}");
    }
}

#[test]
fn a_store_that_writes_nothing_is_a_guess_from_half_its_keys_on() {
    let record = &judged(&CHECK, &with_keys(unsaved(), 1_000, 500))[0];
    assert_eq!(
        record.observed,
        "nothing is written to disk, although 500 of 1000 keys never expire"
    );
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    assert_eq!(judged(&CHECK, &with_keys(unsaved(), 100, 0))[0].status, Status::Fail);
}

#[test]
fn workers_streams_and_named_prefixes_are_sure_signs() {
    let record = &judged(&CHECK, &with_workers(unsaved(), 3))[0];
    assert_eq!(record.observed, "nothing is written to disk, although 3 clients wait in brpop");
    assert_eq!(record.confidence, Confidence::High);
    let of = |sample| {
        let server = Redis { sample: Probed::Seen(sample), ..with_keys(unsaved(), 9, 9) };
        judged(&CHECK, &server)[0].status
    };
    let lasting = BTreeMap::from([("stream".to_owned(), 1)]);
    assert_eq!(of(RedisSample { keys: 9, lasting, ..RedisSample::default() }), Status::Fail);
    let prefix =
        |expiring| BTreeMap::from([("lock:".to_owned(), RedisPrefix { lasting: 0, expiring })]);
    assert_eq!(of(RedisSample { prefixes: prefix(2), ..RedisSample::default() }), Status::Fail);
    assert_eq!(of(RedisSample { prefixes: prefix(0), ..RedisSample::default() }), Status::Pass);
}

#[test]
fn replicas_that_would_copy_an_empty_server_make_it_critical() {
    let replicas = Probed::Seen(vec![RedisReplica::default(), RedisReplica::default()]);
    let record = &judged(&CHECK, &Redis { replicas, ..with_workers(unsaved(), 1) })[0];
    assert_eq!(record.severity, Severity::Critical);
    assert!(record.impact.contains("its 2 replicas copy"), "{}", record.impact);
}

#[test]
fn a_file_or_snapshots_are_enough_and_a_replica_is_not_judged() {
    let aof = with_workers(server(&[("aof_enabled", "1")], &[]), 1);
    let rdb = with_workers(server(&[("aof_enabled", "0")], &[("save", "3600 1")]), 1);
    assert_eq!(judged(&CHECK, &aof)[0].status, Status::Pass);
    assert_eq!(judged(&CHECK, &rdb)[0].status, Status::Pass);
    let replica = server(&[("role", "slave"), ("aof_enabled", "0")], &[("save", "")]);
    assert_eq!(judged(&CHECK, &with_workers(replica, 1))[0].status, Status::NotApplicable);
}

#[test]
fn keys_that_may_not_be_sampled_are_no_cache() {
    let sample = Probed::Denied("+scan".to_owned());
    let records = judged(&CHECK, &Redis { sample: sample.clone(), ..with_keys(unsaved(), 9, 9) });
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    // An empty server has nothing to sample.
    assert_eq!(judged(&CHECK, &Redis { sample, ..unsaved() })[0].status, Status::Pass);
    let denied = Redis { config: Probed::Denied("+config|get".to_owned()), ..unsaved() };
    assert_eq!(judged(&CHECK, &denied)[0].status, Status::Skip);
}

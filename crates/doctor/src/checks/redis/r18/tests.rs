use std::collections::BTreeMap;

use super::*;
use crate::checks::redis::ground::{judged, map, server};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn with(running: &[(&str, &str)], said: &[(&str, &str)]) -> Redis {
    let Probed::Seen(settings) = map(said) else { unreachable!() };
    let file = RedisFile { path: Some("/etc/redis.conf".to_owned()), settings, includes: false };
    Redis { file: Probed::Seen(file), ..server(&[], running) }
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn a_value_is_the_same_in_another_unit() {
    for (running, said) in
        [("1073741824", "1gb"), ("1000000000", "1G"), ("2048", "2kb"), ("100", "100"), ("0", "0")]
    {
        let record = one(&with(&[("maxmemory", running)], &[("maxmemory", said)]));
        assert_eq!(record.status, Status::Pass, "{running} {said}: {record:?}");
    }
    let record = one(&with(&[("maxmemory", "1000000000")], &[("maxmemory", "1gb")]));
    assert_eq!(record.observed, "maxmemory is \"1000000000\", the file says \"1gb\"");
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
}

#[test]
fn what_the_file_does_not_name_is_as_every_version_has_it() {
    let save = |now| one(&with(&[("save", now)], &[])).status;
    assert_eq!(save("3600 1 300 100 60 10000"), Status::Pass);
    assert_eq!(save("900 1 300 10 60 10000"), Status::Pass);
    assert_eq!(save(""), Status::Fail);
    // Versions differ in it.
    assert_eq!(one(&with(&[("repl-backlog-size", "10485760")], &[])).status, Status::Pass);
    assert_eq!(one(&with(&[("maxmemory-policy", "allkeys-lru")], &[])).status, Status::Fail);
}

#[test]
fn an_append_only_file_that_the_next_start_does_not_know_is_critical_and_sure_once_it_was_set() {
    let mut server = with(&[("appendonly", "yes")], &[("appendonly", "no")]);
    assert_eq!(one(&server).severity, Severity::Critical);
    server.calls = Probed::Seen(BTreeMap::from([("config|set".to_owned(), 1)]));
    assert_eq!(one(&server).confidence, Confidence::High);
    assert!(one(&server).impact.contains("another file"), "{}", one(&server).impact);
}

#[test]
fn what_is_included_is_not_known() {
    let mut server = with(&[("appendonly", "yes")], &[]);
    crate::ground::seen(&mut server.file).includes = true;
    assert_eq!((judged(&CHECK, &server).len(), one(&server).status), (1, Status::Skip));
}

#[test]
fn without_a_file_only_what_was_set_is_lost() {
    let mut server = server(&[], &[]);
    server.file = Probed::Seen(RedisFile::default());
    assert_eq!(one(&server).status, Status::Pass);
    server.calls = Probed::Seen(BTreeMap::from([("config|set".to_owned(), 4)]));
    let record = one(&server);
    assert_eq!((record.severity, record.aspect), (Severity::Info, Some("file")));
    assert_eq!(record.observed, "CONFIG SET was called 4 times, and there is no file of settings");
}

#[test]
fn a_file_that_may_not_be_read_is_not_fine() {
    let mut server = with(&[("maxmemory", "0")], &[]);
    server.file = Probed::Denied("root".to_owned());
    assert_eq!(one(&server).status, Status::Skip);
}

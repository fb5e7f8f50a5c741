use super::*;
use crate::checks::redis::ground::{judged, map, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisFile};

fn with(running: &str, descriptors: u64, said: &[(&str, &str)]) -> Redis {
    let Probed::Seen(settings) = map(said) else { unreachable!() };
    let file = RedisFile { path: Some("/etc/redis.conf".to_owned()), settings, includes: false };
    let process =
        RedisProcess { pid: 77, descriptors_max: Some(descriptors), ..RedisProcess::default() };
    Redis {
        file: Probed::Seen(file),
        process: Probed::Seen(process),
        ..server(&[("connected_clients", "900")], &[("maxclients", running)])
    }
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn what_is_thirty_two_below_the_limit_and_not_as_the_file_says_was_lowered() {
    let record = one(&with("992", 1_024, &[]));
    assert_eq!(
        record.observed,
        "maxclients is 992 and should be 10000: the process may have 1024 descriptors"
    );
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::High));
    assert!(record.impact.starts_with("after 92 more"), "{}", record.impact);
    assert!(record.fix.contains("--nofile=10032:10032"), "{}", record.fix);
    assert_eq!(one(&with("992", 1_024, &[("maxclients", "4000")])).status, Status::Fail);
}

#[test]
fn what_was_asked_for_is_fine_though_the_limit_was_raised_to_just_that() {
    assert_eq!(one(&with("4000", 4_032, &[("maxclients", "4000")])).status, Status::Pass);
    assert_eq!(one(&with("10000", 10_032, &[])).status, Status::Pass);
    // Somebody set it lower.
    assert_eq!(one(&with("500", 1_024, &[])).status, Status::Pass);
    assert_eq!(one(&with("992", 1_025, &[])).status, Status::Pass);
}

#[test]
fn without_a_file_it_is_a_guess_and_with_one_that_cannot_be_read_none() {
    let mut server = with("992", 1_024, &[]);
    server.file = Probed::Seen(RedisFile::default());
    assert_eq!(one(&server).confidence, Confidence::Low);
    server.file = Probed::Seen(RedisFile { includes: true, ..RedisFile::default() });
    assert_eq!(one(&server).status, Status::Skip);
    server.file = Probed::Denied("root".to_owned());
    assert_eq!(one(&server).status, Status::Skip);
    server = with("992", 1_024, &[]);
    server.process = Probed::Absent("process of it on this machine".to_owned());
    assert_eq!(one(&server).status, Status::Skip);
}

use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::{Record, Status};
use crate::snapshot::{Snapshot, Window};

fn keeping(count: &str) -> Redis {
    server(&[("number_of_cached_scripts", count), ("used_memory_lua", "3145728")], &[])
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn more_than_a_thousand_are_told() {
    let record = one(&keeping("1001"));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!(record.observed, "1001 scripts are kept, and take 3.0 MiB");
    let few = one(&keeping("1000"));
    assert_eq!((few.status, few.observed.as_str()), (Status::Pass, "1000 scripts are kept"));
}

#[test]
fn how_many_came_between_the_looks_is_told_beside() {
    let at = |at_ms: u64, count: &str| -> Snapshot {
        let mut moment = crate::ground::moment(at_ms, crate::ground::host());
        moment.redis.push(crate::ground::server(":6379", keeping(count)));
        moment
    };
    let told = |before: &str| {
        let (before, after) = (at(1_000, before), at(3_000, "1500"));
        CHECK.judge(&Window { before: &before, after: &after }).remove(0)
    };
    let grown = told("1380");
    assert_eq!(grown.severity, Severity::Warning);
    assert_eq!(
        grown.observed,
        "1500 scripts are kept, 120 more between the looks, and take 3.0 MiB"
    );
    let flushed = told("9000");
    assert_eq!(flushed.severity, Severity::Info);
    assert_eq!(flushed.observed, "1500 scripts are kept, and take 3.0 MiB");
}

#[test]
fn a_version_that_does_not_count_them_is_not_fine() {
    assert_eq!(one(&server(&[], &[])).status, Status::Skip);
}

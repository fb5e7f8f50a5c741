use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::Status;

fn flushed(aof: &str, value: &str) -> Vec<crate::record::Record> {
    judged(&CHECK, &server(&[("aof_enabled", aof)], &[("appendfsync", value)]))
}

#[test]
fn only_no_is_a_fault_and_only_where_there_is_a_file() {
    let record = &flushed("1", "no")[0];
    assert_eq!(record.observed, "the append-only file is on with appendfsync no");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(flushed("1", "everysec")[0].status, Status::Pass);
    assert_eq!(flushed("1", "always")[0].status, Status::Pass);
    assert_eq!(flushed("0", "no")[0].status, Status::NotApplicable);
}

#[test]
fn a_setting_that_is_not_told_is_not_fine() {
    assert_eq!(judged(&CHECK, &server(&[("aof_enabled", "1")], &[]))[0].status, Status::Skip);
    assert_eq!(judged(&CHECK, &server(&[], &[("appendfsync", "no")]))[0].status, Status::Skip);
}

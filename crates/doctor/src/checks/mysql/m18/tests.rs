use super::*;
use crate::checks::mysql::looks::{judged, mariadb, mysql};
use crate::record::{Record, Status};
use crate::snapshot::{MysqlChannel, Probed};

fn replica(skips: &str, mode: &str, filters: &[&str]) -> Vec<Record> {
    let filters = filters.iter().map(|it| (*it).to_owned()).collect();
    let channel = MysqlChannel { filters, ..MysqlChannel::default() };
    let variables = [("log_bin", "OFF"), ("slave_skip_errors", skips), ("slave_exec_mode", mode)];
    judged(&CHECK, &Mysql { channels: Probed::Seen(vec![channel]), ..mariadb(&variables) })
}

fn source(log: &str, format: &str, replicas: Probed<Vec<MysqlChannel>>) -> Record {
    let variables = [("log_bin", log), ("binlog_format", format), ("slave_skip_errors", "all")];
    judged(&CHECK, &Mysql { channels: replicas, ..mariadb(&variables) }).remove(0)
}

#[test]
fn a_log_of_statements_is_a_warning_and_one_that_is_mixed_is_fine() {
    let none = || Probed::Seen(Vec::new());
    let record = source("ON", "STATEMENT", none());
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("statements")));
    assert_eq!(record.observed, "binlog_format is STATEMENT");
    assert_eq!(source("ON", "MIXED", none()).status, Status::Pass);
    assert_eq!(source("OFF", "STATEMENT", none()).status, Status::NotApplicable);
}

#[test]
fn a_replica_that_goes_on_where_rows_differ_is_a_warning() {
    assert_eq!(replica("OFF", "STRICT", &[])[0].status, Status::Pass);
    let record = &replica("1032,1062", "STRICT", &[])[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "it skips errors: 1032,1062");
    assert_eq!(replica("OFF", "IDEMPOTENT", &[])[0].aspect, Some("mode"));
}

#[test]
fn filters_are_info() {
    let record = &replica("OFF", "STRICT", &["replicate_do_db"])[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
}

#[test]
fn newer_mysql_says_replica() {
    let variables =
        [("log_bin", "OFF"), ("replica_skip_errors", "1062"), ("replica_exec_mode", "STRICT")];
    let channels = Probed::Seen(vec![MysqlChannel::default()]);
    let record = &judged(&CHECK, &Mysql { channels, ..mysql(&variables) })[0];
    assert_eq!(record.observed, "it skips errors: 1062");
}

#[test]
fn whether_it_is_a_replica_may_not_be_seen_and_that_is_not_fine() {
    let denied = Probed::Denied("the privilege SLAVE MONITOR".to_owned());
    assert_eq!(source("ON", "ROW", denied).status, Status::Skip);
}

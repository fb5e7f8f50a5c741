use super::*;
use crate::checks::mysql::looks::{judged, judged_over, look, mariadb, mysql};
use crate::record::Status;
use crate::snapshot::{MysqlDisk, MysqlSession, Probed, Window};

fn with_readers(mut server: Mysql, count: usize) -> Mysql {
    let command = "Binlog Dump".to_owned();
    let reader = MysqlSession { command, ..MysqlSession::default() };
    server.sessions = Probed::Seen(vec![reader; count]);
    server
}

fn kept(seconds: &str, readers: usize) -> Mysql {
    let variables = [
        ("log_bin", "ON"),
        ("binlog_expire_logs_seconds", seconds),
        ("expire_logs_days", "0.000000"),
    ];
    with_readers(mariadb(&variables), readers)
}

#[test]
fn less_than_a_day_is_a_warning_where_somebody_reads() {
    let record = &judged(&CHECK, &kept("86399", 1))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "binary logs are kept for 23 h, and 1 sessions read them");
    assert_eq!(judged(&CHECK, &kept("86400", 1))[0].status, Status::Pass);
    assert_eq!(judged(&CHECK, &kept("900", 0))[0].status, Status::Pass);
}

#[test]
fn days_of_an_older_version_count_as_well() {
    let days = |days| with_readers(mysql(&[("log_bin", "ON"), ("expire_logs_days", days)]), 1);
    assert_eq!(judged(&CHECK, &days("1"))[0].status, Status::Pass);
    assert_eq!(judged(&CHECK, &mysql(&[("log_bin", "ON")]))[0].status, Status::Skip);
}

#[test]
fn the_user_may_say_how_long_a_reader_is_away() {
    let server = kept("172800", 0);
    let (before, mut after) = (look(1_000, &server), look(2_000, &server));
    after.facts.insert(FACT.to_owned(), "48".to_owned());
    let status = |after: &_| CHECK.judge(&Window { before: &before, after })[0].status;
    assert_eq!(status(&after), Status::Pass);
    after.facts.insert(FACT.to_owned(), "49".to_owned());
    assert_eq!(status(&after), Status::Fail);
    after.facts.insert(FACT.to_owned(), "two days".to_owned());
    assert_eq!(status(&after), Status::Skip);
}

#[test]
fn readers_that_may_not_be_seen_are_not_none() {
    let mut server = kept("900", 0);
    server.sessions = Probed::Denied("the privilege PROCESS".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

fn endless(bytes: u64, free: u64) -> Mysql {
    let mut server = kept("0", 0);
    server.logs = Probed::Seen(MysqlLogs { files: 3, bytes });
    server.log_disk = Probed::Seen(MysqlDisk { free, size: 100 << 30 });
    server
}

#[test]
fn logs_that_never_go_are_a_warning_where_they_take_more_than_is_left() {
    let severity = |bytes, free| judged(&CHECK, &endless(bytes, free))[0].severity;
    assert_eq!(severity(1 << 30, 1 << 30), Severity::Info);
    assert_eq!(severity((1 << 30) + 1, 1 << 30), Severity::Warning);
}

#[test]
fn when_the_disk_is_full_is_told_of_a_minute_and_not_of_a_second() {
    // 60 MiB in 60 s: 84 GiB last for 23.9 h.
    let told = |seconds| {
        let (before, after) = (endless(0, 84 << 30), endless(60 << 20, 84 << 30));
        judged_over(&CHECK, seconds, &before, &after).remove(0)
    };
    let record = told(60);
    assert_eq!(record.severity, Severity::Warning);
    assert!(record.impact.contains("in about 23 h"), "{}", record.impact);
    assert_eq!(told(59).severity, Severity::Info);
}

#[test]
fn a_size_that_may_not_be_seen_and_a_server_without_a_log_are_not_fine() {
    let mut server = endless(0, 0);
    server.logs = Probed::Denied("the privilege BINLOG MONITOR".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
    let none = mariadb(&[("log_bin", "OFF")]);
    assert_eq!(judged(&CHECK, &none)[0].status, Status::NotApplicable);
}

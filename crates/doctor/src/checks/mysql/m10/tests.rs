use super::*;
use crate::checks::mysql::looks::{judged, mariadb};
use crate::record::Status;
use crate::snapshot::{MysqlChannel, Probed};

fn server(log: &str, format: &str, rows: Option<u64>) -> Mysql {
    let table = MysqlTable { name: "shop.log".to_owned(), engine: "InnoDB".to_owned(), rows };
    Mysql {
        keyless: Probed::Seen(vec![table]),
        channels: Probed::Seen(Vec::new()),
        ..mariadb(&[("log_bin", log), ("binlog_format", format)])
    }
}

#[test]
fn ten_thousand_rows_without_a_key_are_a_warning_and_fewer_are_fine() {
    let record = &judged(&CHECK, &server("ON", "ROW", Some(10_000)))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "mysql :3306 shop.log");
    assert_eq!(record.observed, "shop.log has about 10000 rows, and no key");
    assert_eq!(judged(&CHECK, &server("ON", "ROW", Some(9_999)))[0].status, Status::Pass);
}

#[test]
fn where_rows_are_logged_now_and_then_it_is_info_and_where_none_are_it_is_out_of_place() {
    let record = &judged(&CHECK, &server("ON", "MIXED", Some(20_000)))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    for (log, format) in [("OFF", "ROW"), ("ON", "STATEMENT")] {
        let record = &judged(&CHECK, &server(log, format, Some(20_000)))[0];
        assert_eq!(record.status, Status::NotApplicable);
    }
}

#[test]
fn a_replica_applies_rows_whatever_it_logs_itself() {
    let mut server = server("OFF", "MIXED", Some(20_000));
    server.channels = Probed::Seen(vec![MysqlChannel::default()]);
    assert_eq!(judged(&CHECK, &server)[0].severity, Severity::Warning);
    server.channels = Probed::Denied("the privilege SLAVE MONITOR".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

#[test]
fn rows_that_nobody_counted_and_tables_that_may_not_be_seen_are_not_fine() {
    assert_eq!(judged(&CHECK, &server("ON", "ROW", None))[0].status, Status::Skip);
    let mut server = server("ON", "ROW", None);
    server.keyless = Probed::Denied("the privilege PROCESS".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

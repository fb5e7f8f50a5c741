use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb, mysql, texts};
use crate::record::Status;
use crate::snapshot::{MysqlRowWait, MysqlSession, Probed};

fn server(deadlocks: &str, waits: Option<u64>) -> Mysql {
    let transaction =
        MysqlTransaction { session: 8, wait_seconds: waits, ..MysqlTransaction::default() };
    let session = MysqlSession {
        id: 7,
        user: "app".to_owned(),
        host: "10.0.0.7".to_owned(),
        command: "Sleep".to_owned(),
        ..MysqlSession::default()
    };
    Mysql {
        status: Probed::Seen(texts(&[("innodb_deadlocks", deadlocks)])),
        transactions: Probed::Seen(vec![transaction]),
        row_waits: Probed::Seen(vec![MysqlRowWait { session: 8, blocker: 7 }]),
        sessions: Probed::Seen(vec![session]),
        ..mariadb(&[])
    }
}

#[test]
fn a_wait_of_ten_seconds_is_told_with_who_holds_the_row() {
    assert_eq!(judged(&CHECK, &server("0", Some(9)))[0].status, Status::Pass);
    let record = &judged(&CHECK, &server("0", Some(10)))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("wait")));
    assert_eq!(
        record.observed,
        "session 8 has waited for 10 s for a row that is held by session 7 of \"app\" from 10.0.0.7, which is at Sleep"
    );
    assert!(record.fix.contains("KILL 7"));
}

#[test]
fn deadlocks_are_judged_by_how_many_there_are_in_a_minute() {
    let status = |seconds, number: &str| {
        judged_over(&CHECK, seconds, &server("1000", None), &server(number, None)).remove(0).status
    };
    assert_eq!(status(30, "1003"), Status::Fail);
    assert_eq!(status(31, "1003"), Status::Pass);
    assert_eq!(status(1, "1002"), Status::Pass);
    assert_eq!(status(60, "1006"), Status::Fail);
    assert_eq!(status(60, "1005"), Status::Pass);
}

#[test]
fn a_total_since_the_start_is_no_fault() {
    assert_eq!(judged(&CHECK, &server("900000", None))[0].status, Status::Pass);
}

#[test]
fn mysql_counts_them_among_its_metrics() {
    let of = |number| Mysql {
        status: Probed::Seen(texts(&[])),
        metrics: Probed::Seen([("lock_deadlocks".to_owned(), number)].into()),
        transactions: Probed::Seen(Vec::new()),
        ..mysql(&[])
    };
    let record = &judged_over(&CHECK, 2, &of(5), &of(9))[0];
    assert_eq!((record.status, &*record.observed), (Status::Fail, "4 deadlocks in 2.0 s"));
}

#[test]
fn without_the_privilege_it_is_not_fine() {
    let mut server = server("0", None);
    server.transactions = Probed::Denied("the privilege PROCESS".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

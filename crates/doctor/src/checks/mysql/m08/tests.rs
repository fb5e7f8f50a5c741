use super::*;
use crate::checks::mysql::looks::{judged, mariadb, mysql, texts};
use crate::record::Status;
use crate::snapshot::Probed;

fn with_history(length: &str) -> Mysql {
    Mysql {
        status: Probed::Seen(texts(&[("innodb_history_list_length", length)])),
        transactions: Probed::Seen(Vec::new()),
        sessions: Probed::Seen(Vec::new()),
        ..mariadb(&[])
    }
}

fn with_transaction(length: &str, command: &str, asleep_seconds: u64) -> Mysql {
    let transaction = MysqlTransaction {
        session: 9,
        seconds: 7_200,
        rows_modified: 3,
        ..MysqlTransaction::default()
    };
    let session = MysqlSession {
        id: 9,
        user: "billing".to_owned(),
        host: "10.0.0.7".to_owned(),
        command: command.to_owned(),
        seconds: asleep_seconds,
        ..MysqlSession::default()
    };
    Mysql {
        transactions: Probed::Seen(vec![transaction]),
        sessions: Probed::Seen(vec![session]),
        ..with_history(length)
    }
}

#[test]
fn a_million_is_fine_and_more_is_not() {
    assert_eq!(judged(&CHECK, &with_history("1000000"))[0].status, Status::Pass);
    let record = &judged(&CHECK, &with_history("1000001"))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("history")));
    assert_eq!(record.observed, "1000001 transactions wait to be purged");
    assert!(record.fix.starts_with("no transaction is open"), "{}", record.fix);
}

#[test]
fn the_oldest_transaction_is_named_with_its_session() {
    let record = &judged(&CHECK, &with_transaction("2000000", "Query", 10))[0];
    assert_eq!(
        record.fix,
        "the oldest transaction is that of session 9 of \"billing\" from 10.0.0.7, which is at Query, 7200 s old: let it commit, or KILL 9"
    );
}

#[test]
fn one_that_sleeps_in_a_transaction_for_more_than_five_minutes_is_left_behind() {
    assert_eq!(judged(&CHECK, &with_transaction("5", "Sleep", 300))[0].status, Status::Pass);
    assert_eq!(judged(&CHECK, &with_transaction("5", "Query", 9_000))[0].status, Status::Pass);
    let record = &judged(&CHECK, &with_transaction("5", "Sleep", 301))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("idle")));
    assert_eq!(
        record.observed,
        "session 9 of \"billing\" from 10.0.0.7 has been idle in a transaction for 301 s"
    );
}

#[test]
fn mysql_tells_it_among_its_metrics() {
    let metrics = [("trx_rseg_history_len".to_owned(), 1_000_001)].into();
    let server =
        Mysql { metrics: Probed::Seen(metrics), status: Probed::Seen(texts(&[])), ..mysql(&[]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Fail);
}

#[test]
fn without_the_privilege_it_is_not_fine() {
    let denied = || "the privilege PROCESS".to_owned();
    let mut server = with_history("5");
    server.transactions = Probed::Denied(denied());
    server.sessions = Probed::Denied(denied());
    let records = judged(&CHECK, &server);
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("PROCESS"));
    let server =
        Mysql { metrics: Probed::Denied(denied()), status: Probed::Seen(texts(&[])), ..mysql(&[]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}

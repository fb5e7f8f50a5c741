use super::*;
use crate::checks::mysql::looks::{judged, judged_over, look, mariadb, texts};
use crate::record::{Record, Status};
use crate::snapshot::{MysqlSession, Probed, Window};

/// Connected are these, with that of the doctor.
fn server(connected: &str, refused: &str) -> Mysql {
    let status = [("threads_connected", connected), ("connection_errors_max_connections", refused)];
    Mysql { status: Probed::Seen(texts(&status)), ..mariadb(&[("max_connections", "100")]) }
}

#[test]
fn eighty_five_percent_are_fine_and_more_are_not_and_the_doctor_is_none_of_them() {
    assert_eq!(judged(&CHECK, &server("86", "0"))[0].status, Status::Pass);
    let record = &judged(&CHECK, &server("87", "0"))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "86 of 100 connections are used");
}

#[test]
fn refusals_since_the_start_are_no_fault_and_those_of_the_window_are_critical() {
    assert_eq!(judged(&CHECK, &server("2", "9000"))[0].status, Status::Pass);
    let records = judged_over(&CHECK, 2, &server("2", "9000"), &server("2", "9007"));
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Critical));
    assert_eq!(
        records[0].observed,
        "7 clients were refused in 2.0 s: 1 of 100 connections are used"
    );
}

#[test]
fn whose_they_are_is_told_with_how_many_sleep() {
    let session = |user: &str, command: &str| MysqlSession {
        user: user.to_owned(),
        host: "10.0.0.7".to_owned(),
        command: command.to_owned(),
        ..MysqlSession::default()
    };
    let mut server = server("100", "0");
    let all = [session("billing", "Sleep"), session("billing", "Query"), session("a", "Sleep")];
    server.sessions = Probed::Seen(all.to_vec());
    let record = &judged(&CHECK, &server)[0];
    assert_eq!(
        record.evidence[1].value,
        "\"billing\" from 10.0.0.7: 2, 1 of them asleep; \"a\" from 10.0.0.7: 1, 1 of them asleep"
    );
}

fn refused(code: &str) -> Record {
    let server = server("2", "0");
    let (before, mut after) = (look(1_000, &server), look(2_000, &server));
    after.mysql[0].refused =
        Some(Refusal { code: code.to_owned(), message: "as it says".to_owned() });
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn a_refusal_of_the_doctor_is_the_finding() {
    let record = refused("1040");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "it refuses the doctor: all connections are used");
    assert_eq!(record.evidence[0].value, "1040: as it says");
    assert_eq!((refused("1129").status, refused("1129").aspect), (Status::Fail, Some("blocked")));
    assert_eq!(refused("1045").status, Status::Skip);
}

#[test]
fn a_counter_that_was_not_told_is_not_fine() {
    let status = Probed::Seen(texts(&[("threads_connected", "2")]));
    let server = Mysql { status, ..mariadb(&[("max_connections", "100")]) };
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
    assert_eq!(judged(&CHECK, &mariadb(&[("max_connections", "100")]))[0].status, Status::Skip);
}

use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn channel(behind: Option<u64>) -> MysqlChannel {
    MysqlChannel {
        source: "db-1:3306".to_owned(),
        io: "Yes".to_owned(),
        sql: "Yes".to_owned(),
        behind_seconds: behind,
        ..MysqlChannel::default()
    }
}

fn server(channel: MysqlChannel) -> Mysql {
    Mysql { channels: Probed::Seen(vec![channel]), ..mariadb(&[]) }
}

fn of(channel: MysqlChannel) -> Vec<Record> {
    judged(&CHECK, &server(channel))
}

#[test]
fn a_thread_that_does_not_run_is_critical_even_where_the_lag_is_zero() {
    let records = of(MysqlChannel { io: "No".to_owned(), io_error: 1236, ..channel(Some(0)) });
    assert_eq!((records.len(), records[0].severity), (1, Severity::Critical));
    assert_eq!(records[0].aspect, Some("fetch"));
    assert_eq!(
        records[0].observed,
        "nothing is fetched from db-1:3306: the thread is \"No\" after error 1236"
    );
    assert!(records[0].fix.contains("make the replica anew"), "{}", records[0].fix);
    let records = of(MysqlChannel { sql: "No".to_owned(), sql_error: 1062, ..channel(None) });
    assert_eq!((records.len(), records[0].aspect), (1, Some("apply")));
    let both = MysqlChannel { io: "No".to_owned(), sql: "No".to_owned(), ..channel(None) };
    assert_eq!(of(both).len(), 2);
}

#[test]
fn one_that_connects_is_a_fault_only_after_an_error() {
    let connecting =
        |io_error| MysqlChannel { io: "Connecting".to_owned(), io_error, ..channel(Some(0)) };
    assert_eq!(of(connecting(0))[0].status, Status::Pass);
    assert_eq!(of(connecting(2003))[0].status, Status::Fail);
}

#[test]
fn thirty_seconds_behind_are_allowed_and_more_are_not() {
    assert_eq!(of(channel(Some(30)))[0].status, Status::Pass);
    let records = of(channel(Some(31)));
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(records[0].observed, "31 s behind db-1:3306; 31 s before, 1.0 s ago");
}

#[test]
fn a_delay_that_was_asked_for_is_none_of_it() {
    let delayed = |behind| MysqlChannel { delay_seconds: 3_600, ..channel(Some(behind)) };
    assert_eq!(of(delayed(3_610))[0].status, Status::Pass);
    assert_eq!(of(delayed(3_631))[0].status, Status::Fail);
}

#[test]
fn one_moment_behind_is_no_fault() {
    let records = judged_over(&CHECK, 2, &server(channel(Some(0))), &server(channel(Some(40))));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn a_lag_that_is_null_while_both_run_is_not_fine() {
    assert_eq!(of(channel(None))[0].status, Status::Skip);
}

#[test]
fn no_replica_is_out_of_place_and_what_may_not_be_seen_is_skipped() {
    let none = Mysql { channels: Probed::Seen(Vec::new()), ..mariadb(&[]) };
    assert_eq!(judged(&CHECK, &none)[0].status, Status::NotApplicable);
    let denied = Probed::Denied("the privilege SLAVE MONITOR".to_owned());
    let records = judged(&CHECK, &Mysql { channels: denied, ..mariadb(&[]) });
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("SLAVE MONITOR"));
}

#[test]
fn a_state_that_was_not_told_is_not_fine() {
    let untold = MysqlChannel { io: String::new(), ..channel(Some(0)) };
    assert_eq!(of(untold)[0].status, Status::Skip);
}

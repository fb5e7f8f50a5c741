use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb};
use crate::record::Status;
use crate::snapshot::{MysqlTransaction, Probed};

const STATE: &str = "Waiting for table metadata lock";

fn session(id: u64, verb: &str, state: &str, seconds: u64) -> MysqlSession {
    MysqlSession {
        id,
        user: "app".to_owned(),
        host: "10.0.0.7".to_owned(),
        command: if verb.is_empty() { "Sleep" } else { "Query" }.to_owned(),
        state: state.to_owned(),
        seconds,
        verb: Some(verb.to_owned()).filter(|it| !it.is_empty()),
    }
}

fn server(waiting: &[MysqlSession]) -> Mysql {
    let transaction =
        |session, seconds| MysqlTransaction { session, seconds, ..MysqlTransaction::default() };
    let mut sessions = vec![session(7, "", "", 90)];
    sessions.extend_from_slice(waiting);
    Mysql {
        sessions: Probed::Seen(sessions),
        transactions: Probed::Seen(vec![transaction(8, 95), transaction(7, 90)]),
        ..mariadb(&[])
    }
}

#[test]
fn a_queue_that_was_there_at_both_looks_is_critical_and_names_both_ends() {
    let waiting = [session(8, "ALTER", STATE, 4), session(9, "SELECT", STATE, 3)];
    let record = &judged(&CHECK, &server(&waiting))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "2 sessions wait for a metadata lock, the longest for 4 s");
    assert_eq!(
        record.fix,
        "KILL 8 lets all others go on; then most likely it waits for session 7 of \"app\" from 10.0.0.7 (Sleep), in a transaction for 90 s: let it end, or KILL 7; try the change again with SET SESSION lock_wait_timeout = 5"
    );
}

#[test]
fn one_that_waits_alone_is_a_fault_after_ten_seconds() {
    let alone = |seconds| judged(&CHECK, &server(&[session(8, "ALTER", STATE, seconds)])).remove(0);
    assert_eq!(alone(9).status, Status::Pass);
    assert_eq!((alone(10).status, alone(10).severity), (Status::Fail, Severity::Warning));
}

#[test]
fn others_than_before_are_no_queue_that_stands() {
    let of = |first| {
        server(&[session(first, "ALTER", STATE, 1), session(first + 1, "SELECT", STATE, 1)])
    };
    assert_eq!(judged_over(&CHECK, 2, &of(20), &of(40))[0].status, Status::Pass);
    assert_eq!(judged_over(&CHECK, 2, &of(20), &of(20))[0].status, Status::Fail);
}

#[test]
fn who_waits_for_something_else_is_no_part_of_it() {
    let waiting = [
        session(8, "ALTER", "Waiting for global read lock", 90),
        session(9, "SELECT", "Sending data", 90),
    ];
    assert_eq!(judged(&CHECK, &server(&waiting))[0].status, Status::Pass);
}

#[test]
fn sessions_that_may_not_be_seen_are_not_fine() {
    let sessions = Probed::Denied("the privilege PROCESS".to_owned());
    assert_eq!(judged(&CHECK, &Mysql { sessions, ..mariadb(&[]) })[0].status, Status::Skip);
}

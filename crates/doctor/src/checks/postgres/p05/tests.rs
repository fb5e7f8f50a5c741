use super::super::ground::{line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::{PostgresConnections, PostgresWait, Probed};

fn session(state: Option<&str>, state_s: Option<u64>) -> PostgresSession {
    PostgresSession {
        pid: 8841,
        role: Some("billing".to_owned()),
        state: state.map(str::to_owned),
        state_s,
        transaction_s: state_s.map(|s| s + 1),
        ..PostgresSession::default()
    }
}

fn with(session: PostgresSession, blockers: &[u32]) -> Postgres {
    let wait = PostgresWait { pid: 7, blockers: blockers.to_vec(), ..PostgresWait::default() };
    let waits = if blockers.is_empty() { Vec::new() } else { vec![wait] };
    Postgres { sessions: Probed::Seen(vec![session]), waits: Probed::Seen(waits), ..server(&[]) }
}

const IDLE: Option<&str> = Some("idle in transaction");

fn fails(session: PostgresSession, blockers: &[u32]) -> bool {
    steady(&CHECK, with(session, blockers)).iter().any(|it| it.status == Status::Fail)
}

#[test]
fn five_minutes_are_too_long_and_five_seconds_where_others_wait() {
    assert!(!fails(session(IDLE, Some(299)), &[]));
    assert!(fails(session(IDLE, Some(300)), &[]));
    assert!(fails(session(Some("idle in transaction (aborted)"), Some(300)), &[]));
    assert!(!fails(session(IDLE, Some(4)), &[8841]));
    assert!(fails(session(IDLE, Some(5)), &[8841]));
    assert!(!fails(session(IDLE, Some(5)), &[8842]));
    // What runs for long is not idle.
    assert!(!fails(session(Some("active"), Some(3_000)), &[8841]));
}

#[test]
fn it_says_who_for_how_long_and_what_that_holds() {
    let held = PostgresSession { xmin_age: Some(3_100_000), ..session(IDLE, Some(41 * 60)) };
    assert_eq!(
        line(&CHECK, with(held, &[8841])),
        "pid 8841 \"billing\" idle in transaction 41 min, 1 session waits for it, holds what 3.1 M transactions left"
    );
    let records = steady(&CHECK, with(session(IDLE, Some(10)), &[]));
    assert_eq!(
        records[0].observed,
        "1 session is idle in a transaction, none for longer than 10 s"
    );
}

#[test]
fn sessions_that_may_not_be_seen_into_are_not_fine() {
    let hidden = PostgresConnections { hidden: 2, ..PostgresConnections::default() };
    let blind = Postgres { connections: Probed::Seen(hidden), ..with(session(None, None), &[]) };
    let records = steady(&CHECK, blind);
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("GRANT pg_monitor"), "{}", records[0].observed);
}

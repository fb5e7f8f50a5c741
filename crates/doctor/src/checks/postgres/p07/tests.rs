use super::super::ground::{line, server, steady};
use super::*;
use crate::ground;
use crate::record::Status;
use crate::snapshot::Probed;

fn session(pid: u32, state: &str, verb: &str) -> PostgresSession {
    PostgresSession {
        pid,
        role: Some("app".to_owned()),
        state: Some(state.to_owned()),
        verb: Some(verb.to_owned()),
        statement_s: Some(40),
        ..PostgresSession::default()
    }
}

fn wait(pid: u32, mode: &str, waited_s: Option<u64>, blockers: &[u32]) -> PostgresWait {
    PostgresWait {
        pid,
        locktype: "relation".to_owned(),
        mode: mode.to_owned(),
        relation: Some("public.orders".to_owned()),
        waited_s,
        blockers: blockers.to_vec(),
    }
}

fn with(waits: Vec<PostgresWait>) -> Postgres {
    let sessions = vec![
        session(1, "idle in transaction", "SELECT"),
        session(2, "active", "ALTER"),
        session(3, "active", "SELECT"),
    ];
    Postgres { waits: Probed::Seen(waits), contenders: Probed::Seen(sessions), ..server(&[]) }
}

const SHARE: &str = "AccessShareLock";

fn one_of(waited: u64) -> Postgres {
    with(vec![wait(3, SHARE, Some(waited), &[1])])
}

#[test]
fn thirty_seconds_are_too_long_for_any_lock() {
    assert_eq!(steady(&CHECK, one_of(29))[0].status, Status::Pass);
    assert_eq!(steady(&CHECK, one_of(30))[0].severity, Severity::Warning);
    assert_eq!(
        line(&CHECK, one_of(30)),
        "pid 1 \"app\", idle in transaction, holds up 1 session, the longest for 30 s at public.orders"
    );
    assert_eq!(steady(&CHECK, one_of(30))[0].fix, "SELECT pg_terminate_backend(1);");
}

#[test]
fn a_change_that_stops_others_is_critical_after_five_seconds_and_alone_it_is_not() {
    let queue =
        |waited| with(vec![wait(2, STRONGEST, Some(waited), &[1]), wait(3, SHARE, Some(1), &[2])]);
    assert_eq!(steady(&CHECK, queue(4))[0].status, Status::Pass);
    let records = steady(&CHECK, queue(5));
    assert_eq!(
        (records.len(), records[0].severity, records[0].aspect),
        (1, Severity::Critical, Some("change"))
    );
    assert_eq!(
        records[0].observed,
        "ALTER of pid 2 \"app\" waits 5 s for public.orders, 1 session waits behind it"
    );
    assert_eq!(
        records[0].fix,
        "SELECT pg_cancel_backend(2); and try it again with SET lock_timeout = '2s';"
    );
    let alone = with(vec![wait(2, STRONGEST, Some(5), &[1])]);
    assert_eq!(steady(&CHECK, alone)[0].status, Status::Pass);
}

#[test]
fn a_chain_is_followed_to_its_first_even_round_a_circle() {
    let waits = vec![wait(3, SHARE, Some(40), &[2]), wait(2, "RowExclusiveLock", Some(35), &[1])];
    let records = steady(&CHECK, with(waits));
    assert_eq!((records.len(), records[0].target.as_str()), (1, "postgres :5432 pid 1"));
    assert!(records[0].observed.contains("holds up 2 sessions, the longest for 40 s"));
    let circle = vec![wait(3, SHARE, Some(40), &[2]), wait(2, SHARE, Some(40), &[3])];
    assert_eq!(steady(&CHECK, with(circle))[0].status, Status::Pass);
    let row = |relation: Option<&str>| PostgresWait {
        locktype: "transactionid".to_owned(),
        relation: relation.map(str::to_owned),
        ..wait(3, "ShareLock", Some(40), &[1])
    };
    assert!(
        line(&CHECK, with(vec![row(Some("public.orders"))])).ends_with("at a row of public.orders")
    );
    assert!(line(&CHECK, with(vec![row(None)])).ends_with("at a row"));
    let mut vacuum = one_of(40);
    ground::seen(&mut vacuum.contenders)[0].verb =
        Some("autovacuum to prevent wraparound".to_owned());
    assert!(steady(&CHECK, vacuum)[0].fix.starts_with("let it end"));
    let prepared = with(vec![wait(3, SHARE, Some(40), &[PREPARED])]);
    assert!(line(&CHECK, prepared).starts_with("a prepared transaction holds up 1 session"));
}

#[test]
fn before_14_the_time_of_the_statement_is_a_guess_and_without_it_nothing_is_fine() {
    let mut old = with(vec![wait(3, SHARE, None, &[1])]);
    ground::seen(&mut old.identity).version = 130_000;
    let records = steady(&CHECK, old.clone());
    assert_eq!((records[0].status, records[0].confidence), (Status::Fail, Confidence::Low));
    for session in ground::seen(&mut old.contenders) {
        session.statement_s = None;
    }
    assert_eq!(steady(&CHECK, old)[0].status, Status::Skip);
    let denied = Postgres { waits: Probed::Denied("a right".to_owned()), ..with(Vec::new()) };
    assert_eq!(steady(&CHECK, denied)[0].status, Status::Skip);
}

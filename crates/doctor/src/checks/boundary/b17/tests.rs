use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

const fn of(clients: u64, active: u64) -> PostgresConnections {
    let idle = clients - active;
    PostgresConnections { clients, active, idle, idle_in_transaction: 0, hidden: 0 }
}

fn judged(
    facts: &[(&str, &str)],
    then: Probed<PostgresConnections>,
    now: Probed<PostgresConnections>,
) -> Record {
    let moment = |at_ms, connections| {
        let mut moment = ground::said(at_ms, facts);
        let seen = Postgres { connections, ..Postgres::default() };
        moment.postgres.push(ground::server(":5432", seen));
        moment
    };
    CHECK.judge(&Window { before: &moment(1_000, then), after: &moment(2_000, now) }).remove(0)
}

fn waiting(number: &str, then: PostgresConnections, now: PostgresConnections) -> Record {
    judged(&[(FACT, number)], Probed::Seen(then), Probed::Seen(now))
}

#[test]
fn less_than_a_fifth_is_active_in_both_looks() {
    let record = waiting("3", of(20, 2), of(20, 3));
    assert_eq!(
        record.observed,
        "3 requests wait for a connection of the pool, and of 20 connections 3 are active, 17 idle, 0 idle in a transaction"
    );
    assert_eq!(record.target, "boundary postgres :5432");
    assert_eq!(waiting("3", of(20, 3), of(20, 4)).status, Status::Pass);
    assert_eq!(waiting("3", of(20, 4), of(20, 3)).status, Status::Pass);
    assert_eq!(waiting("0", of(20, 0), of(20, 0)).status, Status::Pass);
    assert_eq!(waiting("1", of(4, 0), of(4, 0)).status, Status::Pass);
    assert_eq!(waiting("1", of(5, 0), of(5, 0)).status, Status::Fail);
}

#[test]
fn transactions_that_are_held_open_are_told() {
    let held = PostgresConnections { clients: 10, idle: 5, idle_in_transaction: 5, ..of(10, 0) };
    assert!(waiting("1", of(10, 0), held).impact.contains("held open in transactions"));
    assert!(waiting("1", of(10, 0), of(10, 0)).impact.contains("they leak"));
}

#[test]
fn what_is_not_said_or_not_seen_is_not_fine() {
    let seen = || Probed::Seen(of(20, 0));
    assert_eq!(judged(&[], seen(), seen()).status, Status::NotApplicable);
    assert_eq!(judged(&[(FACT, "some")], seen(), seen()).status, Status::Skip);
    assert_eq!(judged(&[(FACT, "1")], seen(), Probed::default()).status, Status::Skip);
    let hidden = PostgresConnections { hidden: 2, ..of(20, 0) };
    let record = waiting("1", of(20, 0), hidden);
    assert_eq!(
        record.observed,
        "may not look: needs to see what 2 other connections do: GRANT pg_monitor to the role"
    );
}

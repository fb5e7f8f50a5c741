use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresConnections, Probed};

fn statement(id: &str, calls: u64, total_us: u64) -> PostgresStatement {
    let (id, text) = (id.to_owned(), Some("SELECT".to_owned()));
    PostgresStatement { id, text, calls, total_us, ..PostgresStatement::default() }
}

fn server(clients: u64, statements: Vec<PostgresStatement>) -> Postgres {
    let connections = PostgresConnections { clients, ..PostgresConnections::default() };
    Postgres {
        connections: Probed::Seen(connections),
        statements: Probed::Seen(statements),
        ..Postgres::default()
    }
}

/// Of 16 processors, over two seconds.
fn judged(before: Postgres, after: Postgres) -> Record {
    ground::judge_postgres(&CHECK, 2, before, after).remove(0)
}

/// So many calls took so long in the window, after many before it.
fn worked(clients: u64, calls: u64, took_us: u64) -> Record {
    let (calls_before, us_before) = (1_000_000, 900_000_000_000);
    judged(
        server(clients, vec![statement("1/2", calls_before, us_before)]),
        server(clients, vec![statement("1/2", calls_before + calls, us_before + took_us)]),
    )
}

#[test]
fn more_than_two_for_each_core_are_a_warning() {
    assert_eq!(worked(100, 1_000, 64_000_000).status, Status::Pass);
    let record = worked(100, 1_000, 64_000_001);
    assert_eq!(
        (record.status, record.aspect, record.severity),
        (Status::Fail, Some("busy"), Severity::Warning)
    );
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "1000 calls took 64000 ms in 2000 ms, so 32.0 are busy; 100 connections, 2 x 16 cores = 32"
    );
    assert_eq!(record.target, "boundary postgres :5432");
}

#[test]
fn ten_times_as_many_connections_as_are_busy_are_told() {
    assert_eq!(worked(40, 100, 8_000_000).status, Status::Pass);
    let record = worked(41, 100, 8_000_000);
    assert_eq!(
        (record.status, record.aspect, record.severity),
        (Status::Fail, Some("idle"), Severity::Info)
    );
    assert_eq!(worked(32, 0, 0).status, Status::Pass);
    assert_eq!(worked(33, 0, 0).status, Status::Fail);
}

#[test]
fn a_statement_counts_with_the_window_at_most() {
    // One call that took an hour, and ended in it.
    let record = worked(20, 1, 3_600_000_000);
    assert_eq!(record.status, Status::Pass);
    assert!(record.observed.contains("so 1.0 are busy"), "{}", record.observed);
}

#[test]
fn what_was_not_seen_then_is_not_counted_and_what_was_set_back_is_not_fine() {
    let new = judged(server(1, Vec::new()), server(1, vec![statement("1/2", 9, 900_000_000)]));
    assert!(new.observed.contains("0 calls took 0 ms"), "{}", new.observed);
    let back = judged(
        server(1, vec![statement("1/2", 9, 900)]),
        server(1, vec![statement("1/2", 1, 100)]),
    );
    assert_eq!(back.status, Status::Skip);
    let absent =
        Postgres { statements: Probed::Absent("extension".to_owned()), ..server(1, Vec::new()) };
    assert_eq!(judged(server(1, Vec::new()), absent).status, Status::Skip);
}

#[test]
fn statements_of_others_need_a_grant() {
    let hidden = || PostgresStatement { text: None, ..statement("10/true", 9, 900) };
    let record = judged(server(1, vec![hidden()]), server(1, vec![hidden()]));
    assert_eq!(
        record.observed,
        "may not look: needs to see statements of others: GRANT pg_read_all_stats to the role"
    );
}

#[test]
fn of_another_machine_the_cores_are_a_fact() {
    let asked = |facts: &[(&str, &str)]| {
        let moment = |at_ms, us| {
            let mut moment = ground::said(at_ms, facts);
            let mut there = ground::server("db:5432", server(50, vec![statement("1", us, us)]));
            there.local = false;
            moment.postgres.push(there);
            moment
        };
        let window = Window { before: &moment(0, 0), after: &moment(2_000, 30_000_000) };
        CHECK.judge(&window).remove(0)
    };
    let record = asked(&[]);
    assert_eq!(record.status, Status::Pass);
    assert!(record.observed.ends_with("cores unknown"));
    assert_eq!(asked(&[("db-cores", "4")]).aspect, Some("busy"));
    assert_eq!(asked(&[("db-cores", "8")]).status, Status::Pass);
}

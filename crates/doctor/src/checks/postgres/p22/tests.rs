use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresStatement, Probed};

fn server(calls: u64, plans: Option<u64>, total_us: u64, tracked: &str) -> Postgres {
    let settings = [("pg_stat_statements.track_planning", tracked), ("plan_cache_mode", "auto")];
    let setting = |(name, setting)| ground::setting(name, setting);
    let statement = PostgresStatement {
        id: "10/77".to_owned(),
        text: Some("SELECT $1".to_owned()),
        calls,
        plans,
        total_us,
        mean_us: total_us / calls,
        ..PostgresStatement::default()
    };
    Postgres {
        settings: Probed::Seen(settings.map(setting).into()),
        statements: Probed::Seen(vec![statement]),
        ..Postgres::default()
    }
}

/// After a hundred calls of 2 ms each with a plan of their own.
fn judged(calls: u64, plans: u64, total_us: u64) -> Record {
    let before = server(100, Some(100), 200_000, "on");
    let after = server(100 + calls, Some(100 + plans), 200_000 + total_us, "on");
    ground::judge_postgres(&CHECK, 1, before, after).remove(0)
}

#[test]
fn ten_times_slower_without_plans_is_a_warning_that_is_not_sure() {
    let record = judged(10, 1, 200_000);
    assert_eq!(
        (record.status, record.severity, record.confidence),
        (Status::Fail, Severity::Warning, Confidence::Low)
    );
    assert_eq!(record.target, "postgres :5432 statement 10/77");
    assert_eq!(record.observed, "10 calls with 1 plan took 20.0 ms each, 2.0 ms before: SELECT $1");
    assert_eq!(judged(10, 1, 199_990).status, Status::Pass);
}

#[test]
fn what_is_planned_is_slow_for_another_reason() {
    assert_eq!(judged(10, 2, 900_000).status, Status::Pass);
    assert_eq!(judged(1, 0, 900_000).status, Status::Fail);
}

#[test]
fn what_nobody_feels_is_none() {
    let judged = |mean_us: u64| {
        let before = server(100, Some(100), 10_000, "on");
        let after = server(110, Some(100), 10_000 + 10 * mean_us, "on");
        ground::judge_postgres(&CHECK, 1, before, after)[0].status
    };
    assert_eq!((judged(10_000), judged(9_999)), (Status::Fail, Status::Pass));
}

#[test]
fn totals_are_no_fault_and_an_average_of_few_calls_says_nothing() {
    assert_eq!(judged(0, 0, 0).status, Status::Pass);
    let few = |calls| {
        let after = server(calls + 10, Some(5), calls * 2_000 + 900_000, "on");
        ground::judge_postgres(&CHECK, 1, server(calls, Some(5), calls * 2_000, "on"), after)[0]
            .status
    };
    assert_eq!((few(4), few(5)), (Status::Pass, Status::Fail));
}

#[test]
fn without_a_count_of_plans_it_is_not_fine() {
    let off = |calls| server(calls, Some(0), calls * 2_000, "off");
    assert_eq!(ground::judge_postgres(&CHECK, 1, off(100), off(200))[0].status, Status::Skip);
    let absent = || Postgres { statements: Probed::Absent("extension".to_owned()), ..off(1) };
    assert_eq!(ground::judge_postgres(&CHECK, 1, absent(), absent())[0].status, Status::Skip);
}

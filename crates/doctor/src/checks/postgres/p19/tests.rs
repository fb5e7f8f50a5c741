use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresStatement, Probed};

fn server(text: Option<&str>, calls: u64) -> Postgres {
    let statement = PostgresStatement {
        id: "10/77".to_owned(),
        text: text.map(str::to_owned),
        calls,
        total_us: calls * 100,
        ..PostgresStatement::default()
    };
    Postgres { statements: Probed::Seen(vec![statement]), ..Postgres::default() }
}

fn judged(text: &str) -> Record {
    ground::judge_postgres(&CHECK, 1, server(Some(text), 3), server(Some(text), 5)).remove(0)
}

#[test]
fn a_table_of_messages_that_is_read_by_number_is_information() {
    let record = judged("SELECT * FROM app.outbox o WHERE o.id > $1 ORDER BY o.id LIMIT $2");
    assert_eq!(
        (record.status, record.severity, record.confidence),
        (Status::Fail, Severity::Info, Confidence::Low)
    );
    assert_eq!(record.target, "postgres :5432 table outbox");
    assert_eq!(
        record.observed,
        "read by number 2 times: SELECT * FROM app.outbox o WHERE o.id > $1 ORDER BY o.id LIMIT $2"
    );
}

#[test]
fn who_takes_care_or_reads_something_else_is_not_told() {
    for text in [
        "SELECT * FROM outbox WHERE id > $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED",
        "SELECT * FROM outbox WHERE id > $1 AND xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY id",
        "SELECT * FROM outbox WHERE id > $1 ORDER BY id DESC",
        "SELECT * FROM outbox WHERE id > $1 ORDER BY created",
        "SELECT * FROM outbox WHERE id = $1 ORDER BY id",
        "SELECT * FROM customers WHERE id > $1 ORDER BY id LIMIT $2",
        "DELETE FROM outbox WHERE id < $1",
    ] {
        assert_eq!(judged(text).status, Status::Pass, "{text}");
    }
}

#[test]
fn only_what_was_run_in_the_window_counts() {
    let text = Some("SELECT * FROM outbox WHERE id > $1 ORDER BY id");
    let records = ground::judge_postgres(&CHECK, 1, server(text, 5), server(text, 5));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn what_may_not_be_seen_is_not_fine() {
    let records = ground::judge_postgres(&CHECK, 1, server(None, 3), server(None, 5));
    assert_eq!(records[0].status, Status::Skip);
    let absent =
        || Postgres { statements: Probed::Absent("extension".to_owned()), ..Postgres::default() };
    assert_eq!(ground::judge_postgres(&CHECK, 1, absent(), absent())[0].status, Status::Skip);
}

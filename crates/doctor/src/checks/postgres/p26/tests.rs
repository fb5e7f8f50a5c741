use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresStatement, Probed};

const TEXT: &str = "SELECT * FROM people p WHERE lower(p.email) = $1";

fn head(name: &str, column: Option<&str>, function: Option<&str>, rows: i64) -> PostgresIndexHead {
    PostgresIndexHead {
        name: name.to_owned(),
        table: "people".to_owned(),
        rows,
        column: column.map(str::to_owned),
        function: function.map(str::to_owned),
        ..PostgresIndexHead::default()
    }
}

fn server(text: &str, calls: u64, mean_us: u64, heads: Vec<PostgresIndexHead>) -> Postgres {
    let statement = PostgresStatement {
        id: "10/77".to_owned(),
        text: Some(text.to_owned()),
        calls,
        total_us: calls * mean_us,
        ..PostgresStatement::default()
    };
    let statements = Probed::Seen(vec![statement]);
    Postgres { statements, index_heads: Probed::Seen(heads), ..Postgres::default() }
}

fn judged(text: &str, mean_us: u64, heads: &[PostgresIndexHead]) -> Record {
    let before = server(text, 3, mean_us, heads.to_vec());
    let after = server(text, 5, mean_us, heads.to_vec());
    ground::judge_postgres(&CHECK, 1, before, after).remove(0)
}

fn plain() -> Vec<PostgresIndexHead> {
    vec![head("people_email", Some("email"), None, 10_000)]
}

#[test]
fn a_function_of_an_indexed_column_is_a_warning_that_is_not_sure() {
    let record = judged(TEXT, 10_000, &plain());
    assert_eq!(
        (record.status, record.severity, record.confidence),
        (Status::Fail, Severity::Warning, Confidence::Low)
    );
    assert_eq!(record.target, "postgres :5432 table people");
    assert_eq!(
        record.observed,
        "2 calls of 10.0 ms compared lower(email), for which index people_email is of no use: SELECT * FROM people p WHERE lower(p.email) = $1"
    );
    assert!(record.fix.starts_with("CREATE INDEX CONCURRENTLY ON people (lower(email));"));
    assert_eq!(judged(TEXT, 9_999, &plain()).status, Status::Pass);
}

#[test]
fn an_index_on_the_function_serves_it() {
    let mut both = plain();
    both.push(head("people_lower", None, Some("lower"), 10_000));
    assert_eq!(judged(TEXT, 50_000, &both).status, Status::Pass);
    both[1].function = Some("upper".to_owned());
    assert_eq!(judged(TEXT, 50_000, &both).status, Status::Fail);
}

#[test]
fn a_short_table_and_one_that_is_not_named_are_none() {
    assert_eq!(judged(TEXT, 50_000, &[head("e", Some("email"), None, 9_999)]).status, Status::Pass);
    let other = TEXT.replace("people", "customers");
    assert_eq!(judged(&other, 50_000, &plain()).status, Status::Pass);
}

#[test]
fn what_is_compared_is_read_from_the_text() {
    let found = |text: &str| compared(&pieces(text));
    let pair = |function: &str, column: &str| vec![(function.to_owned(), column.to_owned())];
    assert_eq!(found("WHERE upper(name) LIKE $1"), pair("upper", "name"));
    assert_eq!(found("WHERE created::date = $1 AND a = $2"), pair("date", "created"));
    assert_eq!(found("WHERE lower(a) NOT IN ($1) OR lower(a) = $2"), pair("lower", "a"));
    assert_eq!(found("SELECT lower(name) FROM people WHERE name = lower($1)"), Vec::new());
    assert_eq!(found("SELECT created::date FROM people"), Vec::new());
}

#[test]
fn totals_are_no_fault_and_what_was_not_seen_is_not_fine() {
    let server = || server(TEXT, 3, 50_000, plain());
    assert_eq!(ground::judge_postgres(&CHECK, 1, server(), server())[0].status, Status::Pass);
    let absent = || Postgres { index_heads: Probed::Absent("it".to_owned()), ..server() };
    assert_eq!(ground::judge_postgres(&CHECK, 1, absent(), absent())[0].status, Status::Skip);
}

const OPEN: &str = "SELECT count(*) FROM people WHERE email = $1 AND state = $2";

/// An index of open ones, after so many scans of it and of its table.
fn open(scans: u64, table_scans: u64) -> PostgresIndexHead {
    PostgresIndexHead {
        condition: Some("(state = ?::text)".to_owned()),
        condition_columns: vec!["state".to_owned()],
        scans: Some(scans),
        table_scans: Some(table_scans),
        ..head("people_open", Some("email"), None, 10_000)
    }
}

fn passed(
    text: &str,
    mean_us: u64,
    before: Vec<PostgresIndexHead>,
    after: Vec<PostgresIndexHead>,
) -> Record {
    let (before, after) = (server(text, 3, mean_us, before), server(text, 5, mean_us, after));
    ground::judge_postgres(&CHECK, 1, before, after).remove(0)
}

#[test]
fn a_partial_index_that_is_passed_over_is_told_with_the_reason_that_can_be_seen() {
    let record = passed(OPEN, 10_000, vec![open(4, 7)], vec![open(4, 9)]);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("partial")));
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "2 calls of 10.0 ms, all of people was read 2 times, and index people_open was not used: it has only rows with (state = ?::text), which the statement says with a parameter or in other words: SELECT count(*) FROM people WHERE email = $1 AND state = $2"
    );
    let without =
        passed("SELECT 1 FROM people WHERE email = $1", 10_000, vec![open(4, 7)], vec![open(4, 9)]);
    assert!(without.observed.contains("and the statement says nothing of state: SELECT 1"));
    assert_eq!(passed(OPEN, 9_999, vec![open(4, 7)], vec![open(4, 9)]).status, Status::Pass);
}

#[test]
fn a_partial_index_that_is_used_or_not_wanted_is_fine() {
    let before = || vec![open(4, 7)];
    assert_eq!(passed(OPEN, 50_000, before(), vec![open(5, 9)]).status, Status::Pass, "used");
    assert_eq!(passed(OPEN, 50_000, before(), vec![open(4, 7)]).status, Status::Pass, "not read");
    assert_eq!(passed(OPEN, 50_000, Vec::new(), vec![open(4, 9)]).status, Status::Pass, "new");
    let other = OPEN.replace("email", "name");
    assert_eq!(passed(&other, 50_000, before(), vec![open(4, 9)]).status, Status::Pass);
    let full = vec![open(4, 9), head("people_email", Some("email"), None, 10_000)];
    assert_eq!(passed(OPEN, 50_000, before(), full).status, Status::Pass, "another serves");
    let other = |scans, of_table| PostgresIndexHead {
        name: "people_new".to_owned(),
        ..open(scans, of_table)
    };
    let (two, used) = (vec![open(4, 7), other(4, 7)], vec![open(4, 9), other(5, 9)]);
    assert_eq!(passed(OPEN, 50_000, two.clone(), used).status, Status::Pass, "another partial one");
    let unused = passed(OPEN, 50_000, two, vec![open(4, 9), other(4, 9)]);
    assert_eq!(unused.status, Status::Fail, "neither serves");
    let short = PostgresIndexHead { rows: 9_999, ..open(4, 9) };
    assert_eq!(passed(OPEN, 50_000, before(), vec![short]).status, Status::Pass);
}

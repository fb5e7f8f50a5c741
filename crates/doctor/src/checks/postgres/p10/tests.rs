use super::super::ground::{judged, line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::Probed;

const INT: i64 = i32::MAX as i64;

fn column(kind: &str, refers: bool) -> PostgresColumn {
    let (schema, table, name) = ("public".to_owned(), "orders".to_owned(), "id".to_owned());
    PostgresColumn { schema, table, name, kind: kind.to_owned(), refers }
}

fn sequence(last: i64, columns: Vec<PostgresColumn>) -> PostgresSequence {
    PostgresSequence {
        schema: "public".to_owned(),
        name: "orders_id_seq".to_owned(),
        kind: "bigint".to_owned(),
        max: i64::MAX,
        step: 1,
        last: Some(last),
        readable: true,
        columns,
        ..PostgresSequence::default()
    }
}

fn with(sequence: PostgresSequence) -> Postgres {
    Postgres { sequences: Probed::Seen(vec![sequence]), ..server(&[]) }
}

fn severity(sequence: PostgresSequence) -> Option<Severity> {
    let records = steady(&CHECK, with(sequence));
    records.iter().find(|it| it.status == Status::Fail).map(|it| it.severity)
}

#[test]
fn it_is_the_column_that_counts_where_the_sequence_is_wider() {
    let at = |last| severity(sequence(last, vec![column("integer", false)]));
    assert_eq!(at(INT / 4 * 3), None);
    assert_eq!(at(INT / 4 * 3 + 3), Some(Severity::Warning));
    assert_eq!(at(INT / 10 * 9), Some(Severity::Warning));
    assert_eq!(at(INT / 10 * 9 + 10), Some(Severity::Critical));
    assert_eq!(
        line(&CHECK, with(sequence(2_000_000_000, vec![column("integer", false)]))),
        "sequence public.orders_id_seq is at 2000000000, 93 % of 2147483647: public.orders.id takes from it and is integer"
    );
    assert_eq!(severity(sequence(INT, vec![column("bigint", false)])), None);
    assert_eq!(
        severity(sequence(30_000, vec![column("smallint", false)])),
        Some(Severity::Critical)
    );
}

#[test]
fn a_column_that_refers_to_a_wide_one_may_be_narrow() {
    let columns = vec![column("bigint", false), column("integer", true)];
    let records = steady(&CHECK, with(sequence(2_000_000_000, columns)));
    assert!(
        records[0].observed.ends_with("refers to its column and is integer"),
        "{}",
        records[0].observed
    );
}

#[test]
fn a_narrow_sequence_is_widened_alone_and_one_that_begins_again_does_not_end() {
    let narrow =
        PostgresSequence { max: INT, ..sequence(2_000_000_000, vec![column("bigint", false)]) };
    let records = steady(&CHECK, with(narrow.clone()));
    assert!(
        records[0].fix.starts_with("ALTER SEQUENCE \"public\".\"orders_id_seq\" AS bigint"),
        "{}",
        records[0].fix
    );
    assert_eq!(severity(PostgresSequence { cycles: true, ..narrow.clone() }), None);
    let within =
        PostgresSequence { columns: vec![column("integer", false)], cycles: true, ..narrow };
    assert_eq!(severity(within), None);
}

#[test]
fn a_sequence_that_may_not_be_read_is_not_fine() {
    let hidden = PostgresSequence {
        readable: false,
        last: None,
        ..sequence(1, vec![column("integer", false)])
    };
    let records = steady(&CHECK, with(hidden));
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("pg_read_all_data"), "{}", records[0].observed);
    let many = vec![sequence(1, Vec::new()); ASKED];
    let many = Postgres { sequences: Probed::Seen(many), ..server(&[]) };
    assert_eq!(steady(&CHECK, many)[0].status, Status::Skip);
}

#[test]
fn when_it_ends_is_told_by_the_rate_of_a_window_that_is_long_enough() {
    let at = |last| with(sequence(last, vec![column("integer", false)]));
    let impact =
        |seconds| judged(&CHECK, seconds, at(INT - 120_600), at(INT - 120_000))[0].impact.clone();
    assert_eq!(impact(59), "after 120000 more numbers every insert that takes one fails");
    assert_eq!(
        impact(60),
        "after 120000 more numbers (in about 3 h at 10/s over 60 s) every insert that takes one fails"
    );
}

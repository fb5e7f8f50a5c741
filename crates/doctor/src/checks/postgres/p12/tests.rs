use super::super::ground::{judged, server};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn with(rows: i64, parent_deletes: u64) -> Postgres {
    let key = PostgresForeignKey {
        schema: "public".to_owned(),
        table: "lines".to_owned(),
        name: "lines_order_fkey".to_owned(),
        columns: "order_id".to_owned(),
        pages: 9,
        rows,
        parent: "public.orders".to_owned(),
        parent_deletes,
    };
    Postgres { foreign_keys: Probed::Seen(vec![key]), ..server(&[]) }
}

fn told(rows: i64, before: u64, after: u64) -> Record {
    judged(&CHECK, 2, with(rows, before), with(rows, after)).remove(0)
}

#[test]
fn a_delete_in_the_window_is_a_fault_and_those_long_past_are_none() {
    assert_eq!(told(10_000, 7_000, 7_000).status, Status::Pass);
    let record = told(10_000, 7_000, 7_003);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        record.observed,
        "3 rows were deleted from public.orders in 2.0 s, and public.lines of 10000 rows refers to it by order_id without an index"
    );
    assert_eq!(record.fix, "CREATE INDEX CONCURRENTLY ON \"public\".\"lines\" (order_id);");
}

#[test]
fn a_small_table_and_one_that_was_never_counted_are_no_matter() {
    assert_eq!(told(9_999, 0, 9).status, Status::Pass);
    assert_eq!(told(-1, 0, 9).status, Status::Pass);
}

#[test]
fn numbers_that_are_not_known_are_not_fine() {
    assert_eq!(told(10_000, 9, 3).status, Status::Skip);
    let none = Postgres { foreign_keys: Probed::Seen(Vec::new()), ..server(&[]) };
    assert_eq!(judged(&CHECK, 2, none, with(10_000, 3))[0].status, Status::Skip);
    let denied = Postgres { foreign_keys: Probed::Denied("a right".to_owned()), ..server(&[]) };
    assert_eq!(judged(&CHECK, 2, denied.clone(), denied)[0].status, Status::Skip);
}

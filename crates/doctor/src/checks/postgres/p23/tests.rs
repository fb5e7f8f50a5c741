use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIndex, Probed};

fn server(updates: u64, hot_updates: u64, moved_updates: Option<u64>) -> Postgres {
    let table = PostgresTable {
        schema: "public".to_owned(),
        name: "Stock".to_owned(),
        index_scans: Some(0),
        updates,
        hot_updates,
        moved_updates,
        ..PostgresTable::default()
    };
    let index = PostgresIndex {
        schema: "public".to_owned(),
        table: "Stock".to_owned(),
        name: "stock_changed".to_owned(),
        ..PostgresIndex::default()
    };
    Postgres {
        tables: Probed::Seen(vec![table]),
        indexes: Probed::Seen(vec![index]),
        ..Postgres::default()
    }
}

/// Growth of all, of those within their page, of those that found no room.
fn judged(all: u64, hot: u64, moved: Option<u64>) -> Vec<Record> {
    let before = server(1_000_000, 10, moved.map(|_| 5));
    let after = server(1_000_000 + all, 10 + hot, moved.map(|it| 5 + it));
    ground::judge_postgres(&CHECK, 60, before, after)
}

#[test]
fn fewer_than_half_of_many_updates_is_a_warning() {
    let record = &judged(20_000, 9_999, None)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "postgres :5432 table public.\"Stock\"");
    assert_eq!(
        record.observed,
        "50 % of 20,000 updates in 60.0 s stayed within their page: they change a column of an index, or found no room on their page"
    );
    assert_eq!(judged(20_000, 10_000, None)[0].status, Status::Pass);
    assert_eq!(judged(10_001, 0, None)[0].status, Status::Fail);
    assert_eq!(judged(10_000, 0, None)[0].status, Status::Pass);
}

#[test]
fn totals_are_no_fault() {
    assert_eq!(judged(0, 0, None)[0].status, Status::Pass);
}

#[test]
fn from_16_on_it_is_told_which_of_both_it_is() {
    let room = &judged(20_000, 0, Some(10_000))[0];
    assert!(room.observed.ends_with("there was no room on their page"), "{}", room.observed);
    assert!(room.fix.starts_with("ALTER TABLE public.\"Stock\" SET (fillfactor = 80)"));
    let index = &judged(20_000, 0, Some(9_999))[0];
    assert!(index.observed.ends_with("they change a column of an index"), "{}", index.observed);
    assert!(index.fix.contains("stock_changed") && !index.fix.contains("fillfactor"));
}

#[test]
fn a_table_without_an_index_has_none_to_write_to() {
    let none = |updates| {
        let mut server = server(updates, 0, None);
        ground::seen(&mut server.tables)[0].index_scans = None;
        server
    };
    let records = ground::judge_postgres(&CHECK, 60, none(0), none(50_000));
    assert_eq!(records[0].status, Status::Pass);
}

#[test]
fn what_was_set_back_or_not_seen_is_not_fine() {
    let records = ground::judge_postgres(&CHECK, 60, server(50_000, 5, None), server(10, 5, None));
    assert_eq!(records[0].status, Status::Skip);
    let mut denied = server(0, 0, None);
    denied.tables = Probed::Denied("pg_monitor".to_owned());
    let records = ground::judge_postgres(&CHECK, 60, server(0, 0, None), denied);
    assert_eq!(records[0].status, Status::Skip);
}

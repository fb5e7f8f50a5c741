use super::super::ground;
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresSpace, Probed};

fn judged(table: PostgresBloat) -> Record {
    let server = Postgres { bloat: Probed::Seen(vec![table]), ..ground::server(&[]) };
    ground::steady(&CHECK, server).remove(0)
}

/// 262,144 pages are 2 GiB; of rows of 100 bytes in 4 columns a page holds 61.
fn table(rows: u64) -> PostgresBloat {
    PostgresBloat {
        name: "public.orders".to_owned(),
        pages: 262_144,
        page_bytes: 8_192,
        rows: Some(rows),
        fill: 100,
        columns: 4,
        width: Some(100),
        without: 0,
        filtered: false,
        readable: true,
        measured: Probed::Absent("reading of whole tables".to_owned()),
    }
}

fn measured(dead_bytes: u64, free_bytes: u64) -> PostgresBloat {
    let space = PostgresSpace { bytes: 4 << 30, dead_bytes, free_bytes };
    PostgresBloat { measured: Probed::Seen(space), ..table(0) }
}

#[test]
fn what_is_measured_is_told_above_half_of_the_table() {
    let record = judged(measured(2 << 30, 1 << 20));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.confidence, Confidence::High);
    assert_eq!(record.observed, "50 % of 4.0 GB are dead or free: 2.0 GB, 2.0 GB of it dead rows");
    assert_eq!(record.target, "postgres :5432 table public.orders");
    assert_eq!(judged(measured(1 << 30, 1 << 30)).status, Status::Pass, "just half");
}

#[test]
fn a_gigabyte_or_less_is_not_told() {
    let of = |dead_bytes| {
        let space = PostgresSpace { bytes: 1_200 << 20, dead_bytes, free_bytes: 0 };
        judged(PostgresBloat { measured: Probed::Seen(space), ..table(0) }).status
    };
    assert_eq!((of(1 << 30), of((1 << 30) + 1)), (Status::Pass, Status::Fail));
}

#[test]
fn what_is_left_free_on_purpose_does_not_count() {
    let spare = PostgresBloat { fill: 70, ..measured(0, 3 << 30) };
    assert_eq!(judged(spare).status, Status::Pass);
    assert_eq!(judged(measured(0, 3 << 30)).status, Status::Fail);
}

#[test]
fn an_estimate_is_but_a_hint() {
    let half = 131_071 * 61;
    let record = judged(table(half));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "50 % of 2.0 GB are dead or free: 1.0 GB, by the estimate from its statistics"
    );
    assert!(record.fix.starts_with("measure first"));
    assert_eq!(judged(table(half + 61)).status, Status::Pass);
    let spare = PostgresBloat { fill: 50, ..table(half) };
    assert_eq!(judged(spare).status, Status::Pass);
    let wide = PostgresBloat { width: Some(5_000), ..table(200_000) };
    assert_eq!(judged(wide).status, Status::Pass, "one in a page");
}

#[test]
fn without_statistics_or_the_right_to_see_them_it_is_not_fine() {
    let hidden = PostgresBloat { width: None, readable: false, ..table(1) };
    assert_eq!(judged(hidden.clone()).status, Status::Skip);
    assert!(judged(hidden.clone()).observed.contains("SELECT on public.orders"));
    let new = PostgresBloat { rows: None, readable: true, ..hidden };
    assert_eq!(
        judged(new).observed,
        "there is no statistics of public.orders: ANALYZE public.orders"
    );
    let without = PostgresBloat { width: None, without: 2, ..table(1) };
    assert_eq!(
        judged(without.clone()).observed,
        "there is no statistics of 2 columns of public.orders, which SET STATISTICS 0 keeps from being made: measure with --deep and pgstattuple"
    );
    let never = PostgresBloat { rows: None, ..without };
    assert!(judged(never).observed.ends_with("ANALYZE public.orders"));
    let filtered = PostgresBloat { width: None, filtered: true, ..table(1) };
    let filtered = judged(filtered);
    assert_eq!(filtered.status, Status::Skip);
    assert!(filtered.observed.contains("row security of public.orders hides"), "{filtered:?}");
    let denied = PostgresBloat { measured: Probed::Denied("a grant".to_owned()), ..table(1) };
    assert_eq!(judged(denied).status, Status::Skip);
    let none = Postgres { bloat: Probed::Seen(Vec::new()), ..ground::server(&[]) };
    assert_eq!(ground::line(&CHECK, none), "there is no table of 1 GiB");
}

#[test]
fn that_only_the_largest_tables_were_looked_at_is_told() {
    let of = |count| {
        let bloat = Probed::Seen(vec![measured(0, 0); count]);
        ground::line(&CHECK, Postgres { bloat, ..ground::server(&[]) })
    };
    assert!(of(99).starts_with("of 99 tables of 1 GiB or more none"), "{}", of(99));
    assert!(of(100).ends_with("smaller ones were not looked at"), "{}", of(100));
}

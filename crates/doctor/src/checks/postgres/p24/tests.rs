use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn server(heap: u64, toast: Option<u64>, read: u64, toast_bytes: u64) -> Postgres {
    let table = PostgresToast {
        name: "docs".to_owned(),
        heap_bytes: 10_000_000,
        toast_bytes,
        heap_blks: Some(heap),
        toast_blks: toast,
        toast_blks_read: Some(read),
    };
    Postgres { toast: Probed::Seen(vec![table]), ..Postgres::default() }
}

/// Growth in two seconds.
fn judged(heap: u64, toast: u64, read: u64, toast_bytes: u64) -> Record {
    let before = server(50_000, Some(90_000), 30_000, toast_bytes);
    let after = server(50_000 + heap, Some(90_000 + toast), 30_000 + read, toast_bytes);
    ground::judge_postgres(&CHECK, 2, before, after).remove(0)
}

#[test]
fn large_values_that_are_read_from_disk_are_a_warning_and_from_memory_information() {
    let record = judged(40, 2_000, 200, 20_000_001);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "postgres :5432 table docs");
    assert_eq!(
        record.observed,
        "2,000 pages of large values in 2.0 s, 40 of the table itself; 20 MB are stored apart of 10 MB"
    );
    let record = judged(40, 2_000, 199, 20_000_001);
    assert_eq!((record.severity, record.confidence), (Severity::Info, Confidence::Low));
}

#[test]
fn few_pages_or_fewer_than_of_the_table_are_none() {
    assert_eq!(judged(40, 1_999, 1_999, 20_000_001).status, Status::Pass);
    assert_eq!(judged(2_000, 2_000, 2_000, 20_000_001).status, Status::Pass);
    assert_eq!(judged(40, 0, 0, 20_000_001).status, Status::Pass);
}

#[test]
fn a_table_that_is_as_long_itself_is_none() {
    assert_eq!(judged(40, 9_000, 9_000, 20_000_000).status, Status::Pass);
}

#[test]
fn a_counter_that_is_not_there_is_not_fine() {
    let before = server(0, Some(0), 0, 20_000_001);
    let after = server(0, None, 0, 20_000_001);
    assert_eq!(ground::judge_postgres(&CHECK, 2, before, after)[0].status, Status::Skip);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn index(pages: Probed<u64>, limit_kb: u64) -> Postgres {
    let index = PostgresGin {
        name: "docs_body".to_owned(),
        table: "docs".to_owned(),
        limit_kb,
        pages,
        page_bytes: 8_192,
    };
    Postgres { gin: Probed::Seen(vec![index]), ..Postgres::default() }
}

fn judged(before: u64, after: u64, limit_kb: u64) -> Vec<Record> {
    ground::judge_postgres(
        &CHECK,
        1,
        index(Probed::Seen(before), limit_kb),
        index(Probed::Seen(after), limit_kb),
    )
}

#[test]
fn a_list_longer_than_half_its_limit_is_a_warning() {
    let record = &judged(257, 257, 4_096)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "postgres :5432 index docs_body");
    assert_eq!(
        record.observed,
        "257 pages (2.1 MB) of table docs wait in its pending list, 50 % of its limit"
    );
    assert_eq!(judged(256, 256, 4_096)[0].status, Status::Pass);
}

#[test]
fn a_list_that_came_or_went_between_the_looks_is_none() {
    assert_eq!(judged(10, 400, 4_096)[0].status, Status::Pass);
    assert_eq!(judged(400, 10, 4_096)[0].status, Status::Pass);
    let unseen = index(Probed::Absent("it".to_owned()), 4_096);
    let records = ground::judge_postgres(&CHECK, 1, unseen, index(Probed::Seen(400), 4_096));
    assert_eq!(records[0].status, Status::Fail);
}

#[test]
fn a_short_list_is_none_however_low_its_limit_is() {
    assert_eq!(judged(127, 127, 64)[0].status, Status::Pass);
    assert_eq!(judged(128, 128, 64)[0].status, Status::Fail);
}

#[test]
fn without_the_extension_it_is_not_fine_and_without_such_an_index_it_does_not_apply() {
    let absent = || index(Probed::Absent("extension pgstattuple".to_owned()), 4_096);
    let records = ground::judge_postgres(&CHECK, 1, absent(), absent());
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    let none = || Postgres { gin: Probed::Seen(Vec::new()), ..Postgres::default() };
    let records = ground::judge_postgres(&CHECK, 1, none(), none());
    assert_eq!(records[0].status, Status::NotApplicable);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn judged(density: Probed<Vec<PostgresDensity>>, pages: u64, method: &str) -> Vec<Record> {
    let index = PostgresIndex {
        schema: "public".to_owned(),
        name: "orders_pkey".to_owned(),
        method: method.to_owned(),
        pages,
        table_pages: 131_072,
        ..PostgresIndex::default()
    };
    let server = Postgres { indexes: Probed::Seen(vec![index]), density, ..Postgres::default() };
    ground::judge_postgres(&CHECK, 1, Postgres::default(), server)
}

fn dense(bytes: u64, leaf_density: Option<u64>) -> Vec<Record> {
    let it = PostgresDensity { name: "orders_pkey".to_owned(), bytes, leaf_density };
    judged(Probed::Seen(vec![it]), 200_000, "btree")
}

fn shallow() -> Probed<Vec<PostgresDensity>> {
    Probed::Absent("reading of whole indexes unless the look is deep".to_owned())
}

#[test]
fn leaves_that_are_less_than_half_as_full_as_after_a_rebuild_are_a_warning() {
    let record = &dense(90_000_000, Some(1_000))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "postgres :5432 index orders_pkey");
    assert_eq!(record.observed, "90 MB long, its leaves 10 % full: about 10 MB after a rebuild");
    assert_eq!(dense(90_000_000, Some(4_499))[0].status, Status::Fail);
    assert_eq!(dense(90_000_000, Some(4_500))[0].status, Status::Pass);
    assert_eq!(dense(90_000_000, None)[0].status, Status::Pass);
}

#[test]
fn a_short_index_is_not_worth_it() {
    assert_eq!(dense(8 << 20, Some(1_000))[0].status, Status::Fail);
    assert_eq!(dense((8 << 20) - 1, Some(1_000))[0].status, Status::Pass);
}

#[test]
fn a_long_index_that_was_not_looked_into_is_a_guess_and_the_rest_not_fine() {
    let records = judged(shallow(), 131_073, "btree");
    let told: Vec<_> = records.iter().map(|it| (it.status, it.severity, it.confidence)).collect();
    assert_eq!(told[0], (Status::Fail, Severity::Info, Confidence::Low));
    assert_eq!((records.len(), records[1].status), (2, Status::Skip));
    assert_eq!(records[0].observed, "1.1 GB long, its table 1.1 GB");
    let records = judged(shallow(), 131_072, "btree");
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
}

#[test]
fn without_a_long_b_tree_it_does_not_apply() {
    assert_eq!(judged(shallow(), 1_024, "btree")[0].status, Status::Skip);
    assert_eq!(judged(shallow(), 1_023, "btree")[0].status, Status::NotApplicable);
    assert_eq!(judged(shallow(), 1_024, "gin")[0].status, Status::NotApplicable);
}

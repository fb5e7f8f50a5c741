use super::super::ground::{server, steady};
use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresDatabase, Probed, Window};

fn index(name: &str) -> PostgresIndex {
    PostgresIndex {
        schema: "public".to_owned(),
        table: "orders".to_owned(),
        name: name.to_owned(),
        pages: PAGES,
        valid: true,
        ready: true,
        key: name.to_owned(),
        scans: 9,
        ..PostgresIndex::default()
    }
}

fn with(indexes: Vec<PostgresIndex>) -> Postgres {
    Postgres {
        indexes: Probed::Seen(indexes),
        constraints: Probed::Seen(Vec::new()),
        ..server(&[])
    }
}

fn told(indexes: Vec<PostgresIndex>) -> Record {
    steady(&CHECK, with(indexes)).remove(0)
}

#[test]
fn an_invalid_index_is_a_warning_unless_somebody_builds_it() {
    let broken = PostgresIndex { valid: false, ..index("a") };
    let record = told(vec![broken.clone()]);
    assert_eq!((record.severity, record.aspect), (Severity::Warning, Some("invalid")));
    assert_eq!(record.observed, "index public.a of 8.0 MB on orders is not valid");
    assert_eq!(told(vec![PostgresIndex { building: true, ..broken }]).status, Status::Pass);
}

#[test]
fn of_two_that_do_the_same_the_one_without_a_constraint_is_spare() {
    let twin =
        |name: &str, constraint| PostgresIndex { key: "k".to_owned(), constraint, ..index(name) };
    let record = told(vec![twin("a", false), twin("b", true)]);
    assert_eq!((record.severity, record.aspect), (Severity::Info, Some("twice")));
    assert_eq!(record.observed, "index public.a of 8.0 MB does what b does");
    assert_eq!(told(vec![twin("a", true), twin("b", true)]).status, Status::Pass);
    let small = PostgresIndex { pages: PAGES - 1, ..twin("b", false) };
    assert_eq!(told(vec![twin("a", false), small]).status, Status::Pass);
    let elsewhere = PostgresIndex { table: "lines".to_owned(), ..twin("b", false) };
    assert_eq!(told(vec![twin("a", false), elsewhere]).status, Status::Pass);
}

#[test]
fn one_without_a_scan_is_told_only_of_a_month_and_if_no_standby_is_read_from() {
    let judged = |reset_s, fact: Option<&str>, index: PostgresIndex| {
        let database = PostgresDatabase {
            name: Some("shop".to_owned()),
            connectable: Some(true),
            reset_s,
            ..PostgresDatabase::default()
        };
        let server = Postgres { databases: Probed::Seen(vec![database]), ..with(vec![index]) };
        let before = ground::moment(1, ground::host());
        let mut after = ground::moment(1_001, ground::host());
        after.postgres.push(ground::server(":5432", server));
        after.facts.extend(fact.map(|it| (REPLICAS.to_owned(), it.to_owned())));
        let records = CHECK.judge(&Window { before: &before, after: &after });
        (records[0].status, records[0].confidence)
    };
    let idle = || PostgresIndex { scans: 0, ..index("a") };
    assert_eq!(judged(Some(UNUSED_S), Some("none"), idle()), (Status::Fail, Confidence::Low));
    assert_eq!(judged(Some(UNUSED_S - 1), Some("none"), idle()).0, Status::Pass);
    assert_eq!(judged(None, Some("none"), idle()).0, Status::Pass);
    assert_eq!(judged(Some(UNUSED_S), None, idle()).0, Status::Pass);
    assert_eq!(judged(Some(UNUSED_S), Some("some"), idle()).0, Status::Pass);
    assert_eq!(
        judged(Some(UNUSED_S), Some("none"), PostgresIndex { unique: true, ..idle() }).0,
        Status::Pass
    );
    assert_eq!(judged(Some(UNUSED_S), Some("none"), index("a")).0, Status::Pass);
}

#[test]
fn a_constraint_that_is_not_valid_is_info_and_what_may_not_be_seen_is_not_fine() {
    let open = PostgresConstraint {
        schema: "public".to_owned(),
        table: "orders".to_owned(),
        name: "positive".to_owned(),
        kind: "c".to_owned(),
    };
    let server = Postgres { constraints: Probed::Seen(vec![open]), ..with(Vec::new()) };
    let record = steady(&CHECK, server).remove(0);
    assert_eq!((record.severity, record.aspect), (Severity::Info, Some("constraint")));
    assert_eq!(record.fix, "ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT \"positive\";");
    let denied = Postgres { constraints: Probed::Denied("a right".to_owned()), ..with(Vec::new()) };
    assert_eq!(steady(&CHECK, denied)[0].status, Status::Skip);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresCollations, Probed};

fn database(
    name: &str,
    provider: &str,
    locale: &str,
    versions: [Option<&str>; 2],
) -> PostgresDatabaseCollation {
    let [recorded, actual] = versions.map(|it| it.map(str::to_owned));
    PostgresDatabaseCollation {
        name: name.to_owned(),
        provider: provider.to_owned(),
        locale: Some(locale.to_owned()),
        recorded,
        actual,
    }
}

/// Indexes of the collation of the database that was asked.
fn default(indexes: u64) -> PostgresCollation {
    PostgresCollation {
        name: "\"default\"".to_owned(),
        is_default: true,
        provider: "d".to_owned(),
        indexes,
        examples: vec!["orders_name".to_owned()],
        ..PostgresCollation::default()
    }
}

fn named(versions: [Option<&str>; 2]) -> PostgresCollation {
    let [recorded, actual] = versions.map(|it| it.map(str::to_owned));
    PostgresCollation {
        name: "german".to_owned(),
        provider: "i".to_owned(),
        locale: Some("de".to_owned()),
        recorded,
        actual,
        indexes: 1,
        examples: vec!["people_name".to_owned()],
        ..PostgresCollation::default()
    }
}

fn judged(
    databases: Vec<PostgresDatabaseCollation>,
    used: Probed<Vec<PostgresCollation>>,
) -> Vec<Record> {
    let collations = PostgresCollations { databases: Probed::Seen(databases), used };
    let server = Postgres { collations, ..Postgres::default() };
    ground::judge_postgres(&CHECK, 1, Postgres::default(), server)
}

const CHANGED: [Option<&str>; 2] = [Some("2.31"), Some("2.36")];
const SAME: [Option<&str>; 2] = [Some("2.36"), Some("2.36")];

#[test]
fn a_changed_database_is_critical_with_indexes_on_text_and_a_warning_without() {
    let app = || vec![database("app", "c", "en_US.UTF-8", CHANGED)];
    let record = &judged(app(), Probed::Seen(vec![default(12)]))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.target, "postgres :5432 database app");
    assert_eq!(record.observed, "version 2.31 recorded, 2.36 now; 12 indexes sorted by it");
    assert_eq!(
        record.fix,
        "REINDEX INDEX CONCURRENTLY orders_name; and 11 more (REINDEX DATABASE takes all); only then ALTER DATABASE app REFRESH COLLATION VERSION;"
    );
    let record = &judged(app(), Probed::Seen(Vec::new()))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert!(record.observed.ends_with("0 indexes sorted by it"), "{}", record.observed);
}

#[test]
fn of_another_database_the_indexes_are_not_known() {
    let two = vec![
        database("app", "c", "en_US.UTF-8", SAME),
        database("Other", "c", "en_US.UTF-8", CHANGED),
    ];
    let records = judged(two, Probed::Seen(vec![default(12)]));
    assert_eq!((records.len(), records[0].severity), (1, Severity::Warning));
    assert_eq!(
        records[0].observed,
        "version 2.31 recorded, 2.36 now; its indexes are not seen from here"
    );
    assert!(records[0].fix.contains("ALTER DATABASE \"Other\" REFRESH"), "{}", records[0].fix);
}

#[test]
fn a_changed_collation_that_an_index_uses_is_critical() {
    let app = || vec![database("app", "c", "C", [None, None])];
    let record = &judged(app(), Probed::Seen(vec![named([Some("1"), Some("2")])]))[0];
    assert_eq!(
        (record.severity, record.target.as_str()),
        (Severity::Critical, "postgres :5432 collation german")
    );
    assert_eq!(judged(app(), Probed::Seen(vec![named(SAME)]))[0].status, Status::Pass);
    assert_eq!(judged(app(), Probed::Seen(vec![named([None, Some("2")])]))[0].status, Status::Skip);
}

#[test]
fn nothing_recorded_is_fine_only_where_nothing_changes() {
    let status = |provider, locale| {
        let app = vec![database("app", provider, locale, [None, None])];
        judged(app, Probed::Seen(vec![default(1)]))[0].status
    };
    for fixed in ["C", "POSIX", "C.UTF-8"] {
        assert_eq!(status("c", fixed), Status::Pass, "{fixed}");
    }
    assert_eq!(status("b", "C.UTF-8"), Status::Pass);
    // As of every database before 15.
    assert_eq!(status("c", "en_US.UTF-8"), Status::Skip);
    assert_eq!(status("i", "C"), Status::Skip);
}

#[test]
fn what_cannot_be_known_matters_only_to_indexes_on_text() {
    let app = || vec![database("app", "c", "en_US.UTF-8", [None, None])];
    assert_eq!(judged(app(), Probed::Seen(Vec::new()))[0].status, Status::Pass);
    let denied = Probed::Denied("SELECT on pg_index".to_owned());
    assert_eq!(judged(app(), denied)[0].status, Status::Skip);
}

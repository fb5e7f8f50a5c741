use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIdentity, Probed};

fn table() -> PostgresUnanalysed {
    PostgresUnanalysed {
        name: "orders".to_owned(),
        bytes: 1_600_000,
        reltuples: -1,
        live: 41_234,
        changed: 0,
        has_statistics: Some(false),
        autovacuum: true,
    }
}

fn server(table: PostgresUnanalysed) -> Postgres {
    let settings = [
        ("autovacuum", "on"),
        ("track_counts", "on"),
        ("autovacuum_analyze_threshold", "50"),
        ("autovacuum_analyze_scale_factor", "0.1"),
    ];
    let setting = |(name, setting)| ground::setting(name, setting);
    Postgres {
        identity: Probed::Seen(PostgresIdentity::default()),
        settings: Probed::Seen(settings.map(setting).into()),
        unanalysed: Probed::Seen(vec![table]),
        ..Postgres::default()
    }
}

fn judged(server: Postgres) -> Vec<Record> {
    ground::judge_postgres(&CHECK, 1, Postgres::default(), server)
}

fn status(change: impl Fn(&mut PostgresUnanalysed)) -> Status {
    let mut table = table();
    change(&mut table);
    judged(server(table))[0].status
}

#[test]
fn a_large_table_without_statistics_is_a_warning() {
    let record = &judged(server(table()))[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "postgres :5432 table orders");
    assert_eq!(record.observed, "41,234 rows, 1.6 MB, and no statistics");
    assert_eq!(record.fix, "ANALYZE orders;");
}

#[test]
fn it_is_large_by_rows_or_by_bytes() {
    assert_eq!(status(|it| it.live = 10_000), Status::Pass);
    assert_eq!(status(|it| it.live = 10_001), Status::Fail);
    // Counters began anew: then only its size tells.
    assert_eq!(status(|it| (it.live, it.bytes) = (0, (10 << 20) - 1)), Status::Pass);
    assert_eq!(status(|it| (it.live, it.bytes) = (0, 10 << 20)), Status::Fail);
}

#[test]
fn what_autovacuum_is_about_to_do_is_none() {
    assert_eq!(status(|it| it.changed = 50), Status::Fail);
    assert_eq!(status(|it| it.changed = 51), Status::Pass);
    assert_eq!(status(|it| (it.changed, it.autovacuum) = (51, false)), Status::Fail);
    // A tenth of the rows, once they were counted.
    assert_eq!(status(|it| (it.changed, it.reltuples) = (4_050, 40_000)), Status::Fail);
    assert_eq!(status(|it| (it.changed, it.reltuples) = (4_051, 40_000)), Status::Pass);
    let mut off = server(PostgresUnanalysed { changed: 1_000_000, ..table() });
    ground::seen(&mut off.settings).get_mut("autovacuum").unwrap().setting = "off".to_owned();
    assert_eq!(judged(off)[0].status, Status::Fail);
}

#[test]
fn counters_that_were_set_back_are_no_fault_where_the_statistics_are_there() {
    assert_eq!(status(|it| it.has_statistics = Some(true)), Status::Pass);
}

#[test]
fn statistics_that_the_role_may_not_see_are_not_fine() {
    assert_eq!(status(|it| (it.has_statistics, it.reltuples) = (None, 41_234)), Status::Skip);
    let never = judged(server(PostgresUnanalysed { has_statistics: None, ..table() }));
    assert_eq!((never[0].status, never[0].confidence), (Status::Fail, Confidence::Low));
}

#[test]
fn a_standby_has_those_of_its_primary() {
    let mut standby = server(table());
    ground::seen(&mut standby.identity).in_recovery = true;
    assert_eq!(judged(standby)[0].status, Status::NotApplicable);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Window};

fn judged(settings: &[(&str, &str)], overrides: Probed<Vec<PostgresOverride>>) -> Vec<Record> {
    let settings = settings.iter().map(|(name, it)| ground::setting(name, it)).collect();
    let server = Postgres { settings: Probed::Seen(settings), overrides, ..Postgres::default() };
    let before = ground::moment(1, ground::host());
    let mut after = ground::moment(1_001, ground::host());
    after.postgres.push(ground::server(":5432", server));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn safe(overrides: Probed<Vec<PostgresOverride>>) -> Vec<Record> {
    judged(
        &[("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "remote_apply")],
        overrides,
    )
}

#[test]
fn each_of_both_is_critical_and_an_asynchronous_commit_a_warning() {
    let off = [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")];
    let records = judged(&off, Probed::Seen(Vec::new()));
    let told: Vec<_> = records.iter().map(|it| (it.severity, it.observed.as_str())).collect();
    assert_eq!(
        told,
        [
            (Severity::Critical, "fsync is off"),
            (Severity::Critical, "full_page_writes is off"),
            (Severity::Warning, "synchronous_commit is off"),
        ]
    );
    assert!(records.iter().all(|it| it.target == "postgres :5432"));
    assert_eq!(safe(Probed::Seen(Vec::new()))[0].status, Status::Pass);
}

#[test]
fn what_a_role_has_of_its_own_overrules_the_file() {
    let own = PostgresOverride {
        database: None,
        role: Some("billing".to_owned()),
        setting: "synchronous_commit=off".to_owned(),
    };
    let record = &safe(Probed::Seen(vec![own]))[0];
    assert_eq!(record.observed, "synchronous_commit is off for role \"billing\"");
    assert_eq!(record.aspect, Some("synchronous_commit"));
}

#[test]
fn settings_of_roles_that_may_not_be_seen_are_not_fine() {
    let records = safe(Probed::Denied("GRANT pg_monitor".to_owned()));
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
}

#[test]
fn a_version_without_a_setting_is_not_fine() {
    let records = judged(&[("fsync", "on")], Probed::Seen(Vec::new()));
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("full_page_writes"), "{}", records[0].observed);
}

#[test]
fn what_is_to_be_done_is_told_to_the_shell_as_well_each_statement_by_itself() {
    let off = [("fsync", "off"), ("full_page_writes", "on"), ("synchronous_commit", "on")];
    let steps = judged(&off, Probed::Seen(Vec::new())).remove(0).steps;
    let told: Vec<_> = steps.iter().map(|it| (it.run.as_str(), it.undo.as_deref())).collect();
    assert_eq!(
        told,
        [
            (
                "psql -h 127.0.0.1 -p 5432 -d postgres -c 'ALTER SYSTEM SET fsync = on'",
                Some("psql -h 127.0.0.1 -p 5432 -d postgres -c 'ALTER SYSTEM RESET fsync'")
            ),
            (
                "psql -h 127.0.0.1 -p 5432 -d postgres -c 'SELECT pg_reload_conf()'",
                Some("psql -h 127.0.0.1 -p 5432 -d postgres -c 'SELECT pg_reload_conf()'")
            ),
            ("psql -h 127.0.0.1 -p 5432 -d postgres -c CHECKPOINT", Some("")),
        ]
    );
}

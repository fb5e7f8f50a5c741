use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIdentity, PostgresOverride, PostgresSetting, Probed};

fn server(setting: &str, overrides: &[(Option<&str>, Option<&str>, &str)]) -> Postgres {
    let (name, setting) = ground::setting(SETTING, setting);
    // The doctor's own session has another: what was before it counts.
    let setting = PostgresSetting { source: "session".to_owned(), ..setting };
    let one = |(role, database, setting): &(Option<&str>, Option<&str>, &str)| PostgresOverride {
        role: role.map(str::to_owned),
        database: database.map(str::to_owned),
        setting: (*setting).to_owned(),
    };
    let identity = PostgresIdentity { role: "doctor".to_owned(), ..PostgresIdentity::default() };
    Postgres {
        identity: Probed::Seen(identity),
        settings: Probed::Seen([(name, setting)].into()),
        overrides: Probed::Seen(overrides.iter().map(one).collect()),
        ..Postgres::default()
    }
}

fn judged(facts: &[(&str, &str)], seen: Option<Postgres>) -> Vec<Record> {
    let mut after = ground::said(2_000, facts);
    after.postgres.extend(seen.map(|seen| ground::server(":5432", seen)));
    CHECK.judge(&Window { before: &ground::said(1_000, &[]), after: &after })
}

fn one(facts: &[(&str, &str)], seen: Postgres) -> Record {
    judged(facts, Some(seen)).remove(0)
}

#[test]
fn a_statement_has_to_end_before_the_client_gives_up() {
    let record = one(&[(CLIENT, "5s")], server("5000", &[]));
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("server")));
    assert_eq!(record.observed, "the client gives up after 5 s, and its statement may run for 5 s");
    assert!(record.fix.starts_with("ALTER ROLE NAME SET statement_timeout = '4500ms';"));
    let fine = one(&[(CLIENT, "5s")], server("4999", &[]));
    assert_eq!(fine.observed, "the client waits 5 s, and a statement is ended after 4.999 s");
    assert_eq!(fine.status, Status::Pass);
    let endless = one(&[(CLIENT, "5s")], server("0", &[]));
    assert!(endless.observed.ends_with("may run without a limit"));
}

#[test]
fn roles_and_databases_may_have_their_own() {
    let overrides =
        [(Some("app"), None, "statement_timeout=3s"), (Some("app"), None, "lock_timeout=9s")];
    let mixed = one(&[(CLIENT, "5s")], server("0", &overrides));
    assert_eq!(
        mixed.observed,
        "may not look: needs --fact app-role=... with a statement_timeout of its own: it differs by role or database"
    );
    let app = one(&[(CLIENT, "5s"), (ROLE, "app")], server("0", &overrides));
    assert_eq!(app.status, Status::Pass);
    assert_eq!(one(&[(CLIENT, "2s"), (ROLE, "app")], server("0", &overrides)).status, Status::Fail);
    assert_eq!(one(&[(CLIENT, "5s"), (ROLE, "web")], server("0", &overrides)).status, Status::Fail);
    // One of its own in a single database leaves the server's for the others.
    let shop = [(Some("app"), Some("shop"), "statement_timeout=3s")];
    assert_eq!(one(&[(CLIENT, "5s"), (ROLE, "app")], server("0", &shop)).status, Status::Skip);
    let asks = [(Some("doctor"), None, "statement_timeout=1s")];
    assert_eq!(one(&[(CLIENT, "5s")], server("1000", &asks)).status, Status::Skip);
}

#[test]
fn units_are_those_of_postgresql() {
    let ms = |it| limit(it).map(|it| it.map(|it| it.as_millis()));
    assert_eq!(ms("250"), Some(Some(250)));
    assert_eq!(ms("2min"), Some(Some(120_000)));
    assert_eq!(ms("3 s"), Some(Some(3_000)));
    assert_eq!(ms("0"), Some(None));
    assert_eq!(ms("soon"), None);
}

#[test]
fn attempts_multiply_with_each_level() {
    let calls = |retries, depth| judged(&[(CALLS[0], retries), (CALLS[1], depth)], None).remove(0);
    assert_eq!(calls("14", "1").status, Status::Pass);
    assert_eq!(calls("3", "2").status, Status::Fail);
    assert_eq!(calls("1", "3").observed, "one request is tried 8 times at the last level");
    let record = calls("3", "3");
    assert_eq!(record.aspect, Some("retries"));
    assert_eq!(
        record.observed,
        "3 levels that each try 4 times make 64 attempts of one request at the last"
    );
    assert_eq!(calls("9", "999999999999").status, Status::Fail);
}

#[test]
fn what_is_not_said_or_not_seen_is_not_fine() {
    assert_eq!(judged(&[], None)[0].status, Status::NotApplicable);
    assert_eq!(judged(&[(CLIENT, "5s")], None)[0].status, Status::NotApplicable);
    assert_eq!(
        judged(&[(CALLS[0], "1")], None)[0].observed,
        "may not look: needs --fact call-depth=..."
    );
    assert_eq!(one(&[(CLIENT, "5s")], Postgres::default()).status, Status::Skip);
    assert_eq!(one(&[(CLIENT, "soon")], server("1", &[])).status, Status::Skip);
    let all =
        judged(&[(CLIENT, "5s"), (CALLS[0], "3"), (CALLS[1], "2")], Some(Postgres::default()));
    assert_eq!(all.iter().map(|it| it.status).collect::<Vec<_>>(), [Status::Fail, Status::Skip]);
}

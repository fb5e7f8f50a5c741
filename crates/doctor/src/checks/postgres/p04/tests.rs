use super::super::ground::{line, server, steady};
use super::*;
use crate::record::Status;
use crate::snapshot::{PostgresPrepared, PostgresSender, PostgresSlot, Probed};

/// Where nothing is held.
fn quiet() -> Postgres {
    Postgres {
        sessions: Probed::Seen(Vec::new()),
        slots: Probed::Seen(Vec::new()),
        prepared: Probed::Seen(Vec::new()),
        senders: Probed::Seen(Vec::new()),
        ..server(&[("autovacuum_freeze_max_age", "200000000")])
    }
}

fn session(age: u64, open_s: Option<u64>) -> Postgres {
    let session = PostgresSession {
        pid: 8841,
        role: Some("billing".to_owned()),
        state: Some("active".to_owned()),
        transaction_s: open_s,
        xmin_age: Some(age),
        ..PostgresSession::default()
    };
    Postgres { sessions: Probed::Seen(vec![session]), ..quiet() }
}

fn severity(server: Postgres) -> Option<Severity> {
    let records = steady(&CHECK, server);
    records.iter().find(|it| it.status == Status::Fail).map(|it| it.severity)
}

#[test]
fn a_million_is_a_warning_and_what_blocks_freezing_is_critical() {
    assert_eq!(severity(session(999_999, Some(400))), None);
    assert_eq!(severity(session(1_000_000, Some(400))), Some(Severity::Warning));
    assert_eq!(severity(session(200_000_000, Some(400))), Some(Severity::Warning));
    assert_eq!(severity(session(200_000_001, Some(400))), Some(Severity::Critical));
    // Younger than five minutes it works.
    assert_eq!(severity(session(1_000_000, Some(299))), None);
    assert_eq!(severity(session(1_000_000, Some(300))), Some(Severity::Warning));
    let mut vacuum = session(3_000_000, Some(400));
    crate::ground::seen(&mut vacuum.sessions)[0].verb = Some("VACUUM".to_owned());
    assert_eq!(severity(vacuum), None);
    assert_eq!(
        line(&CHECK, session(3_100_000, Some(41 * 60))),
        "pid 8841 \"billing\", active, open for 41 min, holds rows of all tables that died in the last 3.1 M transactions"
    );
}

#[test]
fn each_kind_of_holder_is_found_the_oldest_first() {
    let slot = |xmin, catalog| PostgresSlot {
        name: "s".to_owned(),
        xmin_age: xmin,
        catalog_xmin_age: catalog,
        ..PostgresSlot::default()
    };
    let prepared = PostgresPrepared {
        name: "it's".to_owned(),
        role: "app".to_owned(),
        database: "shop".to_owned(),
        prepared_s: 7_200,
        xid_age: 2_000_000,
    };
    let sender = PostgresSender {
        application: Some("b".to_owned()),
        state: Some("streaming".to_owned()),
        xmin_age: Some(4_000_000),
        ..PostgresSender::default()
    };
    let all = Postgres {
        slots: Probed::Seen(vec![slot(None, Some(5_000_000)), slot(Some(3_000_000), None)]),
        prepared: Probed::Seen(vec![prepared.clone()]),
        senders: Probed::Seen(vec![sender]),
        ..quiet()
    };
    let records = steady(&CHECK, all);
    let targets: Vec<_> = records.iter().map(|it| it.target.as_str()).collect();
    assert_eq!(
        targets,
        ["postgres :5432 slot s", "postgres :5432 standby b", "postgres :5432 slot s"]
    );
    assert!(records[0].observed.contains("rows of the catalogue"), "{}", records[0].observed);
    assert!(records[2].observed.contains("rows of all tables"), "{}", records[2].observed);
    let only = Postgres { prepared: Probed::Seen(vec![prepared]), ..quiet() };
    assert!(steady(&CHECK, only)[0].fix.contains("ROLLBACK PREPARED 'it''s'"));
}

#[test]
fn what_may_not_be_seen_is_not_fine() {
    assert_eq!(steady(&CHECK, session(1_000_000, None))[0].status, Status::Skip);
    let sender = PostgresSender::default();
    let hidden = Postgres { senders: Probed::Seen(vec![sender]), ..quiet() };
    assert_eq!(steady(&CHECK, hidden)[0].status, Status::Skip);
    let denied = Postgres { slots: Probed::Denied("GRANT pg_monitor".to_owned()), ..quiet() };
    assert_eq!(steady(&CHECK, denied)[0].status, Status::Skip);
    assert_eq!(steady(&CHECK, quiet())[0].status, Status::Pass);
}

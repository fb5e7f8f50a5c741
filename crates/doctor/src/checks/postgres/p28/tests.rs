use super::super::ground;
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::{
    Pgbouncer, PgbouncerServer, PostgresAltered, PostgresPeer, PostgresSession, PostgresWait,
    Probed, Window,
};

/// The second look of [`ground::steady`] is two seconds after 1970.
const HOURS: u64 = 10 * 3_600;

/// What it says ten hours after 1970.
fn judged(server: Postgres, pooler: Option<Pgbouncer>) -> Vec<Record> {
    let mut before = crate::ground::moment(HOURS * 1_000 - 2_000, crate::ground::host());
    let mut after = crate::ground::moment(HOURS * 1_000, crate::ground::host());
    before.postgres.push(crate::ground::server(":5432", server.clone()));
    after.postgres.push(crate::ground::server(":5432", server));
    after.pgbouncer.extend(pooler.map(|it| crate::ground::server(":6432", it)));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn logged(times_s: &[u64]) -> Postgres {
    let times_s = times_s.to_vec();
    let errors = PostgresPlanErrors { times_s, from_start: true, ..PostgresPlanErrors::default() };
    Postgres { plan_errors: Probed::Seen(errors), ..ground::server(&[]) }
}

#[test]
fn errors_of_the_last_hour_are_told_and_older_ones_are_over() {
    let records = judged(logged(&[3_600, HOURS - 3_600, HOURS - 130]), None);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(records[0].confidence, Confidence::High);
    assert_eq!(records[0].aspect, Some("errors"));
    assert_eq!(
        records[0].observed,
        "2 statements failed within the hour with \"cached plan must not change result type\", the last 2 min ago"
    );
    let over = judged(logged(&[3_600, HOURS - 3_601]), None);
    assert_eq!(over[0].status, Status::Pass);
    assert_eq!(over[0].observed, "no statement failed within the hour as its table changed");
}

#[test]
fn a_log_that_does_not_tell_is_not_fine() {
    let mut server = logged(&[]);
    crate::ground::seen(&mut server.plan_errors).timeless = 2;
    let records = judged(server.clone(), None);
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("which has 2 such errors"), "{}", records[0].observed);
    *crate::ground::seen(&mut server.plan_errors) =
        PostgresPlanErrors { since_s: Some(HOURS - 600), ..PostgresPlanErrors::default() };
    assert!(judged(server.clone(), None)[0].observed.ends_with("it reaches back 10 min"));
    crate::ground::seen(&mut server.plan_errors).since_s = Some(HOURS - 3_600);
    assert_eq!(judged(server.clone(), None)[0].status, Status::Pass);
    crate::ground::seen(&mut server.plan_errors).since_s = Some(HOURS - 3_599);
    assert_eq!(judged(server.clone(), None)[0].status, Status::Skip, "rotated");
    crate::ground::seen(&mut server.plan_errors).from_start = true;
    assert_eq!(judged(server.clone(), None)[0].status, Status::Pass, "started since");
    *crate::ground::seen(&mut server.plan_errors) = PostgresPlanErrors::default();
    let empty = judged(server.clone(), None).remove(0);
    assert_eq!(empty.status, Status::Skip);
    assert!(empty.observed.starts_with("there is no time in its log"), "{}", empty.observed);
    server.plan_errors = Probed::Denied("the right to read it".to_owned());
    assert_eq!(judged(server.clone(), None)[0].status, Status::Skip);
    server.plan_errors = Probed::default();
    assert_eq!(judged(server, None)[0].status, Status::Skip);
}

fn altering() -> Postgres {
    let mode = "AccessExclusiveLock".to_owned();
    let relation = Some("public.orders".to_owned());
    let wait = PostgresWait { pid: 7, mode, relation, ..PostgresWait::default() };
    let verb = Some("ALTER".to_owned());
    let session = PostgresSession { pid: 7, verb, ..PostgresSession::default() };
    Postgres {
        waits: Probed::Seen(vec![wait]),
        contenders: Probed::Seen(vec![session]),
        ..logged(&[])
    }
}

fn driver(application: &str) -> PostgresPeer {
    PostgresPeer {
        pid: 20,
        application: Some(application.to_owned()),
        address: Some("127.0.0.1".to_owned()),
        port: Some(40_001),
        state: Some("idle".to_owned()),
        ..PostgresPeer::default()
    }
}

#[test]
fn a_change_that_waits_is_told_where_a_driver_keeps_statements() {
    let of = |server: &Postgres, application: &str| {
        let peers = Probed::Seen(vec![driver(application)]);
        judged(Postgres { peers, ..server.clone() }, None).remove(0)
    };
    let record = of(&altering(), JDBC);
    assert_eq!(record.aspect, Some("ahead"));
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "ALTER of public.orders waits, and 1 connection of the JDBC driver may keep statements from before"
    );
    assert_eq!(of(&altering(), "psql").status, Status::Pass);
    assert_eq!(of(&logged(&[]), JDBC).status, Status::Pass);
    let mut other = altering();
    crate::ground::seen(&mut other.contenders)[0].verb = Some("TRUNCATE".to_owned());
    assert_eq!(of(&other, JDBC).status, Status::Pass);
}

#[test]
fn a_change_of_the_last_hour_is_told_where_a_pooler_keeps_statements() {
    let altered = |altered_s| {
        let name = "public.orders".to_owned();
        let altered = Probed::Seen(vec![PostgresAltered { name, altered_s }]);
        Postgres { altered, peers: Probed::Seen(vec![driver("web")]), ..logged(&[]) }
    };
    let pooler = |most: &str, own_port| {
        let config = [("max_prepared_statements".to_owned(), most.to_owned())].into();
        let server = PgbouncerServer {
            own_address: Some("127.0.0.1".to_owned()),
            own_port: Some(own_port),
            ..PgbouncerServer::default()
        };
        Some(Pgbouncer {
            config: Probed::Seen(config),
            servers: Probed::Seen(vec![server]),
            ..Pgbouncer::default()
        })
    };
    let record = judged(altered(3_600), pooler("200", 40_001)).remove(0);
    assert_eq!(
        record.observed,
        "public.orders changed 60 min ago, and 1 connection of pgbouncer :6432 with max_prepared_statements = 200 may keep statements from before"
    );
    assert_eq!(judged(altered(3_601), pooler("200", 40_001))[0].status, Status::Pass);
    assert_eq!(judged(altered(60), pooler("0", 40_001))[0].status, Status::Pass);
    assert_eq!(
        judged(altered(60), pooler("200", 40_002))[0].status,
        Status::Pass,
        "another server"
    );
}

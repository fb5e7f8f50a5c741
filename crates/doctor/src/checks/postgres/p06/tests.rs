use super::super::ground::{line, server, steady};
use super::*;
use crate::ground;
use crate::record::Status;
use crate::snapshot::{
    PostgresConnections, PostgresDatabase, PostgresRoleLimit, Probed, Server, Window,
};

fn with(clients: u64, hidden: u64) -> Postgres {
    let connections =
        PostgresConnections { clients, hidden, idle: 7, ..PostgresConnections::default() };
    let settings = [("max_connections", "103"), ("superuser_reserved_connections", "3")];
    Postgres {
        connections: Probed::Seen(connections),
        clients: Probed::Seen(Vec::new()),
        role_limits: Probed::Seen(Vec::new()),
        databases: Probed::Seen(Vec::new()),
        ..server(&settings)
    }
}

fn severity(server: Postgres) -> Option<Severity> {
    let records = steady(&CHECK, server);
    records.iter().find(|it| it.status == Status::Fail).map(|it| it.severity)
}

#[test]
fn four_of_five_is_a_warning_and_none_left_is_critical() {
    // The doctor has one as well.
    assert_eq!(severity(with(78, 0)), None);
    assert_eq!(severity(with(79, 0)), Some(Severity::Warning));
    assert_eq!(severity(with(98, 0)), Some(Severity::Warning));
    assert_eq!(severity(with(99, 0)), Some(Severity::Critical));
    assert_eq!(line(&CHECK, with(79, 0)), "80 of 100 connections are taken, 7 of them idle");
}

#[test]
fn what_is_reserved_is_not_for_ordinary_roles() {
    let mut reserving = with(63, 0);
    let more = super::super::ground::server(&[("reserved_connections", "20")]).settings;
    let more = more.seen().unwrap().clone();
    ground::seen(&mut reserving.settings).extend(more);
    assert_eq!(line(&CHECK, reserving), "64 of 80 connections are taken, 7 of them idle");
}

#[test]
fn connections_that_may_not_be_seen_are_not_fine() {
    let records = steady(&CHECK, with(3, 90));
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("GRANT pg_monitor"), "{}", records[0].observed);
}

#[test]
fn roles_and_databases_may_have_limits_of_their_own() {
    let role = |connections| PostgresRoleLimit { role: "app".to_owned(), limit: 10, connections };
    let limited = |n| Postgres { role_limits: Probed::Seen(vec![role(n)]), ..with(1, 0) };
    assert_eq!(severity(limited(7)), None);
    assert_eq!(line(&CHECK, limited(8)), "8 of the 10 connections of role \"app\" are taken");
    let database = |limit| PostgresDatabase {
        name: Some("shop".to_owned()),
        connection_limit: Some(limit),
        backends: Some(8),
        ..PostgresDatabase::default()
    };
    let limited = |n| Postgres { databases: Probed::Seen(vec![database(n)]), ..with(1, 0) };
    assert_eq!(
        (severity(limited(10)), severity(limited(11)), severity(limited(0))),
        (Some(Severity::Warning), None, None)
    );
}

#[test]
fn a_login_that_is_refused_for_this_is_the_finding_and_another_refusal_is_not() {
    let refusing = |code: &str, message: &str| {
        let refusal = Refusal { code: code.to_owned(), message: message.to_owned() };
        let seen = Probed::Denied("to be let in".to_owned());
        let server = Server {
            at: ":5432".to_owned(),
            named: true,
            local: true,
            refused: Some(refusal),
            seen,
        };
        let before = ground::moment(1, ground::host());
        let mut after = ground::moment(1_001, ground::host());
        after.postgres.push(server);
        CHECK.judge(&Window { before: &before, after: &after })
    };
    let records = refusing("53300", "sorry, too many clients already");
    assert_eq!((records[0].status, records[0].severity), (Status::Fail, Severity::Critical));
    assert_eq!(records[0].observed, "a login is refused: \"sorry, too many clients already\"");
    assert_eq!(refusing("57P03", "the database system is starting up")[0].status, Status::Skip);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Window};

fn judged(server: &Pgbouncer) -> Record {
    let before = ground::moment(1_000, ground::host());
    let mut after = ground::moment(3_000, ground::host());
    after.pgbouncer.push(ground::server(":6432", server.clone()));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

/// A pool of four connections, of which so many are taken.
fn pooler(waiting: u64, wait_ms: u64, active: u64) -> Pgbouncer {
    let pool = PgbouncerPool {
        database: "shop".to_owned(),
        user: "billing".to_owned(),
        clients_waiting: Some(waiting),
        longest_wait_ms: Some(wait_ms),
        servers_active: Some(active),
        servers_idle: Some(0),
        servers_login: Some(0),
        ..PgbouncerPool::default()
    };
    let database = PgbouncerDatabase {
        name: "shop".to_owned(),
        pool_size: Some(4),
        paused: Some(false),
        ..PgbouncerDatabase::default()
    };
    let timeout = ("query_wait_timeout".to_owned(), "120".to_owned());
    Pgbouncer {
        pools: Probed::Seen(vec![pool]),
        databases: Probed::Seen(vec![database]),
        config: Probed::Seen(BTreeMap::from([timeout])),
        ..Pgbouncer::default()
    }
}

#[test]
fn who_waits_for_more_than_a_second_is_told() {
    assert_eq!(judged(&pooler(3, 1_000, 4)).status, Status::Pass);
    assert_eq!(judged(&pooler(0, 5_000, 4)).status, Status::Pass);
    let record = judged(&pooler(3, 1_001, 4));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.target, "pgbouncer :6432 shop/billing");
    assert_eq!(
        record.observed,
        "3 clients wait for a connection, the first for 1.0 s: 4 of 4 connections are taken"
    );
    assert!(record.impact.ends_with("who waits for 120 s is thrown out"), "{}", record.impact);
}

#[test]
fn it_is_critical_from_half_of_the_time_out_on() {
    assert_eq!(judged(&pooler(3, 59_999, 4)).severity, Severity::Warning);
    assert_eq!(judged(&pooler(3, 60_000, 4)).severity, Severity::Critical);
    let mut endless = pooler(3, 600_000, 4);
    ground::seen(&mut endless.config).insert("query_wait_timeout".to_owned(), "0".to_owned());
    assert_eq!(judged(&endless).severity, Severity::Warning);
}

#[test]
fn a_pause_and_a_server_that_is_gone_are_told_apart_from_a_pool_that_is_full() {
    let gone = judged(&pooler(1, 2_000, 0));
    assert!(gone.observed.ends_with("there is no connection to the server"), "{gone:?}");
    let mut paused = pooler(1, 2_000, 0);
    ground::seen(&mut paused.databases)[0].paused = Some(true);
    let paused = judged(&paused);
    assert!(paused.fix.starts_with("RESUME shop;"), "{}", paused.fix);
}

#[test]
fn what_is_not_told_is_not_fine() {
    let mut old = pooler(3, 5_000, 4);
    ground::seen(&mut old.pools)[0].longest_wait_ms = None;
    assert_eq!(judged(&old).status, Status::Skip);
    let unknown = Pgbouncer { pools: Probed::Denied("stats_users".to_owned()), ..old };
    assert_eq!(judged(&unknown).status, Status::Skip);
}

use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PgbouncerDatabase, PgbouncerPool, Probed, Window};

fn judged(server: &Pgbouncer) -> Record {
    let before = ground::moment(1_000, ground::host());
    let mut after = ground::moment(3_000, ground::host());
    after.pgbouncer.push(ground::server(":6432", server.clone()));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

fn pooler(version: &str, settings: &[(&str, &str)]) -> Pgbouncer {
    let own = |(name, it): &(&str, &str)| ((*name).to_owned(), (*it).to_owned());
    let config: BTreeMap<_, _> = settings.iter().map(own).collect();
    let database = PgbouncerDatabase { name: "shop".to_owned(), ..PgbouncerDatabase::default() };
    Pgbouncer {
        version: Probed::Seen(version.to_owned()),
        pools: Probed::Seen(Vec::new()),
        databases: Probed::Seen(vec![database]),
        config: Probed::Seen(config),
        ..Pgbouncer::default()
    }
}

const SHARED: (&str, &str) = ("pool_mode", "transaction");

#[test]
fn a_version_that_keeps_no_track_is_a_hint() {
    let record = judged(&pooler("1.20.1", &[SHARED]));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!(record.confidence, Confidence::Low);
    assert_eq!(
        record.observed,
        "shop pooled by transaction, and PgBouncer 1.20 keeps no track of prepared statements"
    );
    assert_eq!(judged(&pooler("1.20.1", &[("pool_mode", "session")])).status, Status::Pass);
}

#[test]
fn a_newer_one_does_if_it_is_told_to() {
    let of = |most| judged(&pooler("1.21.0", &[SHARED, ("max_prepared_statements", most)]));
    assert_eq!(of("200").status, Status::Pass);
    let record = of("0");
    assert_eq!(record.observed, "shop pooled by transaction, and max_prepared_statements is 0");
    assert_eq!(judged(&pooler("1.21.0", &[SHARED])).status, Status::Skip);
    assert_eq!(judged(&pooler("unknown", &[SHARED])).status, Status::Skip);
}

#[test]
fn modes_of_databases_and_of_pools_overrule_that_of_all() {
    let mut own = pooler("1.18.0", &[SHARED]);
    ground::seen(&mut own.databases)[0].mode = Some("session".to_owned());
    assert_eq!(judged(&own).status, Status::Pass);
    let mode = Some("transaction".to_owned());
    let database = "bills".to_owned();
    let pool = PgbouncerPool { database, mode, ..PgbouncerPool::default() };
    ground::seen(&mut own.pools).push(pool);
    assert!(judged(&own).observed.starts_with("bills pooled"), "{}", judged(&own).observed);
}

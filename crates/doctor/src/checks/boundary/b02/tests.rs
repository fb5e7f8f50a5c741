use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Snapshot};

fn postgres(settings: &[(&str, u64)]) -> Postgres {
    let settings = settings.iter().map(|(name, value)| ground::setting(name, &value.to_string()));
    Postgres { settings: Probed::Seen(settings.collect()), ..Postgres::default() }
}

fn judged(facts: &[(&str, &str)], fill: impl FnOnce(&mut Snapshot)) -> Record {
    let mut after = ground::said(2_000, facts);
    fill(&mut after);
    let window = Window { before: &ground::said(1_000, &[]), after: &after };
    CHECK.judge(&window).remove(0)
}

fn pools(each: &str, copies: &str, server: Postgres) -> Record {
    let facts = [(FACTS[0], each), (FACTS[1], copies)];
    judged(&facts, |it| it.postgres.push(ground::server(":5432", server)))
}

const OLD: [(&str, u64); 2] = [("max_connections", 100), ("superuser_reserved_connections", 3)];

#[test]
fn as_many_as_are_let_in_pass_and_one_more_fails() {
    assert_eq!(pools("97", "1", postgres(&OLD)).status, Status::Pass);
    let record = pools("14", "7", postgres(&OLD));
    assert_eq!(record.observed, "7 pools of 14 are 98 connections, and 97 are let in");
    assert_eq!(record.target, "boundary postgres :5432");
    assert_eq!(
        record.impact,
        "when the pools fill, 1 connections are refused, on some of the copies"
    );
    assert!(record.fix.starts_with("a pool of at most 13 in each copy"), "{}", record.fix);
    assert!(pools("1", "98", postgres(&OLD)).fix.starts_with("put a pooler before"));
}

#[test]
fn from_16_on_more_may_be_reserved() {
    let [all, superusers] = OLD;
    let new = [all, superusers, ("reserved_connections", 10)];
    assert_eq!(pools("87", "1", postgres(&new)).status, Status::Pass);
    assert_eq!(pools("88", "1", postgres(&new)).status, Status::Fail);
}

#[test]
fn mysql_reserves_none() {
    let variables = BTreeMap::from([("max_connections".to_owned(), "151".to_owned())]);
    let server = || Mysql { variables: Probed::Seen(variables.clone()), ..Mysql::default() };
    let asked = |each| {
        judged(&[(FACTS[0], each), (FACTS[1], "1")], |it| {
            it.mysql.push(ground::server(":3306", server()));
        })
    };
    assert_eq!(asked("151").status, Status::Pass);
    assert_eq!(
        asked("151").observed,
        "1 pools of 151 are 151 connections; mysql :3306 lets 151 in"
    );
    assert_eq!(asked("152").status, Status::Fail);
}

#[test]
fn what_is_not_said_or_not_seen_is_not_fine() {
    let bare = |facts: &[(&str, &str)]| {
        judged(facts, |it| it.postgres.push(ground::server(":5432", postgres(&OLD))))
    };
    assert_eq!(bare(&[]).status, Status::NotApplicable);
    let record = bare(&[(FACTS[0], "20")]);
    assert_eq!(record.status, Status::Skip);
    assert_eq!(record.observed, "may not look: needs --fact app-replicas=...");
    assert_eq!(bare(&[(FACTS[1], "20")]).observed, "may not look: needs --fact pool-max=...");
    assert_eq!(bare(&[(FACTS[0], "many")]).status, Status::Skip);
    assert_eq!(pools("1", "1", postgres(&OLD[..1])).status, Status::Skip);
    assert_eq!(pools("1", "1", Postgres::default()).status, Status::Skip);
}

#[test]
fn only_the_server_that_was_named_is_judged() {
    let facts = [(FACTS[0], "50"), (FACTS[1], "1"), (pool::FACT, ":5433")];
    let record = judged(&facts, |it| {
        it.postgres.push(ground::server(":5432", postgres(&[("max_connections", 10), OLD[1]])));
        it.postgres.push(ground::server(":5433", postgres(&OLD)));
    });
    assert_eq!(record.status, Status::Pass);
}

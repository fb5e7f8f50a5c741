use super::*;
use crate::ground;
use crate::snapshot::{Mysql, Pgbouncer, Postgres, Snapshot};

fn asked(named: &str, fill: fn(&mut Snapshot)) -> Result<Option<String>, Blind> {
    let facts = [(FACT, named)];
    let facts = if named.is_empty() { &[][..] } else { &facts };
    let (before, mut after) = (ground::said(1, &[]), ground::said(2, facts));
    fill(&mut after);
    server(&Window { before: &before, after: &after }).map(|it| it.map(str::to_owned))
}

fn both(moment: &mut Snapshot) {
    moment.postgres.push(ground::server(":5432", Postgres::default()));
    moment.mysql.push(ground::server(":3306", Mysql::default()));
}

fn pooled(moment: &mut Snapshot) {
    moment.postgres.push(ground::server(":5432", Postgres::default()));
    moment.pgbouncer.push(ground::server(":6432", Pgbouncer::default()));
}

#[test]
fn one_server_needs_no_name_and_several_do() {
    assert!(matches!(asked("", |_| ()), Err(Blind::OutOfPlace(_))));
    let one = |it: &mut Snapshot| it.mysql.push(ground::server(":3306", Mysql::default()));
    assert_eq!(asked("", one), Ok(None));
    let which = |all: &str| {
        Err(Blind::Denied(format!("--fact pool-server=..., which of {all} the pool is of")))
    };
    assert_eq!(asked("", both), which(":5432, :3306"));
    assert_eq!(asked("", pooled), which(":5432, :6432"));
    assert_eq!(asked(":3306", both), Ok(Some(":3306".to_owned())));
}

#[test]
fn a_pooler_has_limits_of_its_own_and_a_wrong_name_is_told() {
    assert!(matches!(asked(":6432", pooled), Err(Blind::OutOfPlace(_))));
    assert!(matches!(asked(":1", both), Err(Blind::Absent(_))));
}

#[test]
fn only_the_named_one_is_meant() {
    assert!(is_meant(None, ":1") && is_meant(Some(":1"), ":1") && !is_meant(Some(":2"), ":1"));
}

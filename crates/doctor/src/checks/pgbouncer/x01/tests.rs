use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PgbouncerPool, Postgres, Probed, Window};

fn pooler() -> Pgbouncer {
    let (database, user) = ("shop".to_owned(), "app".to_owned());
    let mode = Some("transaction".to_owned());
    let pool = PgbouncerPool { database, user, mode, ..PgbouncerPool::default() };
    Pgbouncer {
        pools: Probed::Seen(vec![pool]),
        servers: Probed::Seen(vec![connection(40_001, 77), connection(40_002, 78)]),
        config: Probed::Seen(BTreeMap::new()),
        ..Pgbouncer::default()
    }
}

fn connection(port: u64, pid: u64) -> PgbouncerServer {
    PgbouncerServer {
        database: "shop".to_owned(),
        user: "app".to_owned(),
        address: Some("10.0.0.5".to_owned()),
        port: Some(5_432),
        own_address: Some("10.0.0.9".to_owned()),
        own_port: Some(port),
        pid: Some(pid),
    }
}

fn peer(port: u64, pid: u32, verb: Option<&str>) -> PostgresPeer {
    PostgresPeer {
        pid,
        address: Some("10.0.0.9".to_owned()),
        port: Some(port),
        state: Some("idle".to_owned()),
        verb: verb.map(str::to_owned),
        ..PostgresPeer::default()
    }
}

fn judged(pooler: &Pgbouncer, peers: Option<Vec<PostgresPeer>>) -> Vec<Record> {
    judged_after(peers.clone(), pooler, peers)
}

/// Where the first look saw other sessions than the second.
fn judged_after(
    earlier: Option<Vec<PostgresPeer>>,
    pooler: &Pgbouncer,
    peers: Option<Vec<PostgresPeer>>,
) -> Vec<Record> {
    let mut before = ground::moment(1_000, ground::host());
    let mut after = ground::moment(3_000, ground::host());
    after.pgbouncer.push(ground::server(":6432", pooler.clone()));
    let seen = |peers| Postgres { peers: Probed::Seen(peers), ..Postgres::default() };
    let server = |peers| ground::server("10.0.0.5:5432", seen(peers));
    before.postgres.extend(earlier.map(server));
    after.postgres.extend(peers.map(server));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn locked(keys: &[i64]) -> PostgresPeer {
    let (advisory, advisory_keys) = (keys.len() as u64, keys.to_vec());
    PostgresPeer { advisory, advisory_keys, ..peer(40_001, 77, None) }
}

fn set(setting: &str) -> PostgresPeer {
    PostgresPeer { setting: Some(setting.to_owned()), ..peer(40_001, 77, Some("SET")) }
}

#[test]
fn what_an_idle_connection_keeps_is_told_by_what_it_is() {
    let locked = PostgresPeer { verb: Some("LISTEN".to_owned()), ..locked(&[-7, 8, 9]) };
    let records = judged(&pooler(), Some(vec![locked, peer(40_002, 78, Some("LISTEN"))]));
    let told: Vec<_> = records.iter().map(|it| (it.aspect, it.observed.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                Some("advisory-lock"),
                "3 advisory locks stay on 1 idle connection that clients share: pid 77"
            ),
            (
                Some("listen"),
                "LISTEN was the last on 2 idle connections that clients share: pid 77, 78"
            ),
        ]
    );
    assert!(records.iter().all(|it| it.status == Status::Fail && it.severity == Severity::Warning));
    assert_eq!(records[0].target, "pgbouncer :6432 shop/app");
    assert_eq!(records[0].confidence, Confidence::High);
    assert!(!records[0].reversible && !records[0].fix.contains("terminate"), "{}", records[0].fix);
}

#[test]
fn only_advisory_locks_that_an_idle_session_has_at_both_looks_are_left() {
    let of = |earlier: Vec<PostgresPeer>, later: PostgresPeer| {
        let later = Some(vec![later, peer(40_002, 78, None)]);
        judged_after(Some(earlier), &pooler(), later).remove(0)
    };
    let stays = of(vec![locked(&[7, 8])], locked(&[8, 9]));
    assert_eq!(stays.status, Status::Fail);
    assert!(stays.observed.starts_with("1 advisory lock stays on"), "{}", stays.observed);
    let busy = PostgresPeer { state: Some("active".to_owned()), ..locked(&[7]) };
    let other = PostgresPeer { pid: 99, ..locked(&[7]) };
    for earlier in [locked(&[]), locked(&[8]), busy, other] {
        assert_eq!(of(vec![earlier.clone()], locked(&[7])).status, Status::Pass, "{earlier:?}");
    }
    let many = PostgresPeer { advisory: 500, ..locked(&[7, 8]) };
    assert!(of(vec![many.clone()], many.clone()).observed.starts_with("500 advisory locks stay"));
    let later = Some(vec![many, peer(40_002, 78, None)]);
    assert_eq!(judged_after(None, &pooler(), later)[0].status, Status::Skip);
}

#[test]
fn in_a_transaction_a_lock_may_be_of_that() {
    let mut busy = locked(&[7]);
    busy.state = Some("idle in transaction".to_owned());
    let records = judged(&pooler(), Some(vec![busy, peer(40_002, 78, None)]));
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].status, Status::Pass);
    assert_eq!(
        records[0].observed,
        "nothing is seen to be left on 2 connections that clients share"
    );
}

#[test]
fn a_session_that_comes_from_elsewhere_is_not_of_the_pooler() {
    let direct = PostgresPeer { address: Some("10.0.0.7".to_owned()), ..set("work_mem") };
    let other_port = PostgresPeer { port: Some(50_000), ..set("work_mem") };
    let other_process = PostgresPeer { pid: 99, ..set("work_mem") };
    for other in [direct, other_port, other_process] {
        let records = judged(&pooler(), Some(vec![other, peer(40_002, 78, None)]));
        assert_eq!(records[0].status, Status::Pass, "{records:?}");
    }
    let mut nameless = pooler();
    ground::seen(&mut nameless.servers)[0].pid = None;
    let records = judged(&nameless, Some(vec![set("work_mem")]));
    assert_eq!(records[0].status, Status::Fail);
}

#[test]
fn over_a_socket_of_the_machine_the_process_tells_it() {
    let mut local = pooler();
    for connection in ground::seen(&mut local.servers) {
        connection.own_address = Some("unix".to_owned());
        connection.address = Some("unix".to_owned());
    }
    let near = PostgresPeer { address: None, port: None, ..peer(0, 77, Some("LISTEN")) };
    assert_eq!(judged(&local, Some(vec![near.clone()]))[0].aspect, Some("listen"));
    ground::seen(&mut local.servers)[0].pid = None;
    assert_eq!(judged(&local, Some(vec![near]))[0].status, Status::Skip);
}

#[test]
fn what_the_pooler_keeps_for_each_client_is_no_fault() {
    let of = |setting: &str| judged(&pooler(), Some(vec![set(setting)])).remove(0);
    assert_eq!(
        of("search_path").observed,
        "SET of search_path was the last on 1 idle connection that clients share: pid 77"
    );
    assert!(of("custom").observed.starts_with("SET of a setting of the application was"));
    assert_eq!(of("TimeZone").status, Status::Pass);
    assert_eq!(of("IntervalStyle").status, Status::Fail);
    let mut newer = pooler();
    let extra = ("track_extra_parameters".to_owned(), "IntervalStyle, search_path".to_owned());
    ground::seen(&mut newer.config).extend([extra]);
    assert_eq!(judged(&newer, Some(vec![set("search_path")]))[0].status, Status::Pass);
    let none = judged(&pooler(), Some(vec![peer(40_001, 77, Some("SET"))]));
    assert_eq!(none[0].status, Status::Pass, "SET TRANSACTION and the like end with it");
}

#[test]
fn a_pool_of_sessions_may_keep_what_it_wants() {
    let mut own = pooler();
    ground::seen(&mut own.pools)[0].mode = Some("session".to_owned());
    let records = judged(&own, Some(vec![set("work_mem")]));
    assert_eq!(records[0].observed, "no pool is shared by transaction");
}

#[test]
fn where_pools_do_not_tell_their_mode_that_of_the_configuration_counts() {
    let of = |mode: Option<&str>| {
        let mut old = pooler();
        ground::seen(&mut old.pools)[0].mode = None;
        let mode = mode.map(|it| ("pool_mode".to_owned(), it.to_owned()));
        ground::seen(&mut old.config).extend(mode);
        judged(&old, Some(vec![set("work_mem")])).remove(0).status
    };
    assert_eq!(of(Some("transaction")), Status::Fail);
    assert_eq!(of(Some("session")), Status::Pass);
    assert_eq!(of(None), Status::Skip);
}

#[test]
fn a_role_stands_in_its_advice_as_one_name_whatever_it_is() {
    let mut odd = pooler();
    let user = "a\"; DROP TABLE b".to_owned();
    ground::seen(&mut odd.pools)[0].user.clone_from(&user);
    for connection in ground::seen(&mut odd.servers) {
        connection.user.clone_from(&user);
    }
    let record = judged(&odd, Some(vec![set("work_mem")])).remove(0);
    assert!(record.fix.contains("ALTER ROLE \"a\"\"; DROP TABLE b\" SET"), "{}", record.fix);
}

#[test]
fn a_server_behind_it_that_is_not_looked_at_is_not_fine() {
    let none = judged(&pooler(), None);
    assert_eq!(none[0].status, Status::Skip);
    assert!(
        none[0]
            .observed
            .ends_with("connections to 10.0.0.5 port 5432: name that server with --postgres")
    );
    let hidden = PostgresPeer { pid: 77, ..PostgresPeer::default() };
    let records = judged(&pooler(), Some(vec![hidden]));
    assert_eq!(records[0].status, Status::Skip);
    assert!(records[0].observed.contains("pg_monitor"), "{}", records[0].observed);
}

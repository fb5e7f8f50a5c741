use std::net::TcpListener;

use super::*;
use crate::check::Target;
use crate::probe::LOOK;

fn row(columns: &[(&str, &str)]) -> Row {
    columns.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect()
}

/// As 1.18.0 answers.
fn pool(database: &str, waiting: &str) -> Row {
    row(&[
        ("database", database),
        ("user", "billing"),
        ("cl_active", "1"),
        ("cl_waiting", waiting),
        ("sv_active", "1"),
        ("sv_idle", "2"),
        ("sv_used", "3"),
        ("sv_tested", "4"),
        ("sv_login", "0"),
        ("maxwait", "3"),
        ("maxwait_us", "204518"),
        ("pool_mode", "transaction"),
    ])
}

#[test]
fn pools_with_those_who_wait_come_first_and_the_console_is_none() {
    let pools = answers::pools(&[pool("pgbouncer", "9"), pool("a", "0"), pool("b", "2")]);
    let names: Vec<_> = pools.iter().map(|it| it.database.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!((pools[0].clients_waiting, pools[0].longest_wait_ms), (Some(2), Some(3_204)));
    assert_eq!((pools[0].servers_active, pools[0].servers_idle), (Some(1), Some(9)));
    assert_eq!(pools[0].mode.as_deref(), Some("transaction"));
    let old = answers::pools(&[row(&[("database", "a"), ("user", "b"), ("cl_waiting", "1")])]);
    assert_eq!((old[0].longest_wait_ms, old[0].servers_idle, &old[0].mode), (None, None, &None));
}

#[test]
fn both_names_of_the_reserve_are_known_and_an_own_mode_is_told_apart_from_none() {
    let old = [("name", "shop"), ("pool_size", "1"), ("reserve_pool", "4"), ("paused", "1")];
    let new = [("name", "shop"), ("reserve_pool_size", "5"), ("pool_mode", "session")];
    let seen = answers::databases(&[row(&old), row(&new), row(&[("name", "pgbouncer")])]);
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].reserve, seen[0].paused, &seen[0].mode), (Some(4), Some(true), &None));
    assert_eq!((seen[1].reserve, seen[1].paused), (Some(5), None));
    assert_eq!(seen[1].mode.as_deref(), Some("session"));
}

#[test]
fn of_settings_those_that_may_hold_a_secret_are_dropped() {
    let of = |key, value| row(&[("key", key), ("value", value), ("default", "")]);
    let seen = answers::config(&[
        of("auth_file", "/etc/userlist.txt"),
        of("auth_query", "SELECT hunter2"),
        of("server_check_query", "select 1"),
        of("pool_mode", "transaction"),
    ]);
    assert_eq!(seen, BTreeMap::from([("pool_mode".to_owned(), "transaction".to_owned())]));
}

#[test]
fn a_version_is_its_number_and_not_told_is_not_old() {
    let told = answers::version(&[row(&[("version", "PgBouncer 1.18.0")])]);
    assert_eq!(told, Probed::Seen("1.18.0".to_owned()));
    assert!(matches!(answers::version(&[]), Probed::Absent(_)));
    let of = |version: &str| {
        let version = Probed::Seen(version.to_owned());
        snapshot::Pgbouncer { version, ..snapshot::Pgbouncer::default() }.release()
    };
    assert_eq!((of("1.18.0"), of("1.25rc1")), (Ok((1, 18)), Ok((1, 25))));
    assert!(of("unknown").is_err());
}

async fn looked_at(url: String) -> Server<snapshot::Pgbouncer> {
    let endpoint = Endpoint { kind: Target::Pgbouncer, url, named: true };
    let mut session = Pgbouncer::open(endpoint).await;
    session.look(false, Instant::now() + LOOK).await
}

#[tokio::test]
async fn a_pooler_that_does_not_answer_is_failed_and_holds_up_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let seen = looked_at(format!("postgres://pgbouncer@127.0.0.1:{port}/pgbouncer")).await;
    assert!(matches!(&seen.seen, Probed::Failed(why) if why.contains("within")), "{seen:?}");
    assert!(began.elapsed() < LOOK * 2, "{:?}", began.elapsed());
    drop(silent);
    let seen = looked_at(format!("postgres://pgbouncer@127.0.0.1:{port}/pgbouncer")).await;
    assert!(matches!(&seen.seen, Probed::Failed(why) if why.contains("refused")), "{seen:?}");
    assert_eq!((seen.at, seen.refused), (format!(":{port}"), None));
}

#[test]
fn connections_to_servers_are_told_by_where_they_are_from_and_the_process_they_reached() {
    // As 1.18.0 answers.
    let seen = answers::servers(&[row(&[
        ("type", "S"),
        ("user", "billing"),
        ("database", "shop"),
        ("state", "idle"),
        ("addr", "127.0.0.1"),
        ("port", "45233"),
        ("local_addr", "127.0.0.1"),
        ("local_port", "54270"),
        ("remote_pid", "14591"),
        ("application_name", "psql"),
    ])]);
    assert_eq!((seen[0].database.as_str(), seen[0].user.as_str()), ("shop", "billing"));
    assert_eq!((seen[0].address.as_deref(), seen[0].port), (Some("127.0.0.1"), Some(45_233)));
    assert_eq!(
        (seen[0].own_address.as_deref(), seen[0].own_port),
        (Some("127.0.0.1"), Some(54_270))
    );
    assert_eq!(seen[0].pid, Some(14_591));
    assert_eq!(answers::servers(&[row(&[("remote_pid", "0")])])[0].pid, None);
}

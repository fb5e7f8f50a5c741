use super::super::ground::{line, server, steady};
use super::*;
use crate::ground;
use crate::record::Status;
use crate::snapshot::{PostgresReceiver, PostgresSession, PostgresWalPlace, Probed};

fn sender(name: &str, sync_state: Option<&str>) -> PostgresSender {
    PostgresSender {
        pid: 12,
        application: Some(name.to_owned()),
        state: sync_state.map(|_| "streaming".to_owned()),
        sync_state: sync_state.map(str::to_owned),
        unreplayed_bytes: Some(100),
        ..PostgresSender::default()
    }
}

fn primary(names: &str, senders: Vec<PostgresSender>) -> Postgres {
    let waiting = PostgresSession {
        wait: Some("IPC/SyncRep".to_owned()),
        state_s: Some(130),
        ..PostgresSession::default()
    };
    Postgres {
        senders: Probed::Seen(senders),
        sessions: Probed::Seen(vec![waiting]),
        ..server(&[("synchronous_standby_names", names)])
    }
}

fn told(server: Postgres) -> (Status, Severity, Option<&'static str>) {
    let records = steady(&CHECK, server);
    (records[0].status, records[0].severity, records[0].aspect)
}

#[test]
fn commits_hang_when_fewer_stream_than_they_wait_for() {
    let critical = (Status::Fail, Severity::Critical, Some("sync"));
    assert_eq!(told(primary("b", Vec::new())), critical);
    assert_eq!(told(primary("b", vec![sender("c", Some("async"))])), critical);
    assert_eq!(told(primary("b", vec![sender("b", Some("sync"))])).0, Status::Pass);
    let both = "ANY 2 (b, c)";
    assert_eq!(told(primary(both, vec![sender("b", Some("quorum"))])), critical);
    assert_eq!(
        told(primary(both, vec![sender("b", Some("quorum")), sender("c", Some("quorum"))])).0,
        Status::Pass
    );
    assert_eq!(
        line(&CHECK, primary("b", Vec::new())),
        "commits wait for 1 of the standbys b, and 0 of them are there; 1 session waits, the longest for 2 min"
    );
    let fix = &steady(&CHECK, primary("b", Vec::new()))[0].fix;
    assert!(fix.contains("commits are then no longer replicated"), "{fix}");
}

#[test]
fn how_many_is_read_from_each_form() {
    for (names, many) in [
        ("a", 1),
        ("a, b", 1),
        ("*", 1),
        ("FIRST 2 (a, b)", 2),
        ("any 3(a,b,c)", 3),
        ("2 (\"x (1)\", b)", 2),
        ("\"x (1)\"", 1),
    ] {
        assert_eq!(wanted(names), Some(many), "{names}");
    }
    assert_eq!(wanted("FIRST x (a)"), None);
}

#[test]
fn a_standby_is_behind_by_time_or_by_bytes() {
    let late = |s, bytes| {
        let sender = PostgresSender {
            replay_lag_s: Some(s),
            unreplayed_bytes: Some(bytes),
            ..sender("b", Some("async"))
        };
        told(primary("", vec![sender])).0
    };
    assert_eq!(
        (late(299, LAG_BYTES - 1), late(300, 0), late(0, LAG_BYTES)),
        (Status::Pass, Status::Fail, Status::Fail)
    );
    let sender = PostgresSender {
        replay_lag_s: Some(600),
        unreplayed_bytes: Some(3 << 30),
        ..sender("b", Some("async"))
    };
    assert_eq!(
        line(&CHECK, primary("", vec![sender])),
        "standby \"b\" has 3.0 GB to replay, 10 min late"
    );
}

#[test]
fn a_standby_says_itself_what_it_has_not_replayed() {
    let standby = |received, replayed, age, paused, receivers| {
        let mut server = server(&[]);
        ground::seen(&mut server.identity).in_recovery = true;
        let place = PostgresWalPlace {
            received: Some(received),
            replayed: Some(replayed),
            replayed_s: Some(age),
            paused: Some(paused),
            ..PostgresWalPlace::default()
        };
        let receiver = vec![PostgresReceiver::default(); receivers];
        let server =
            Postgres { wal_place: Probed::Seen(place), receiver: Probed::Seen(receiver), ..server };
        let (status, _, aspect) = told(server);
        (status, aspect)
    };
    // An idle primary is not a standby that is late.
    assert_eq!(standby(10, 10, 3_000, false, 1), (Status::Pass, None));
    assert_eq!(standby(20, 10, 299, false, 1), (Status::Pass, None));
    assert_eq!(standby(20, 10, 300, false, 1), (Status::Fail, Some("lag")));
    assert_eq!(standby(20, 10, 1, true, 1), (Status::Fail, Some("paused")));
    assert_eq!(standby(10, 10, 300, false, 0), (Status::Fail, Some("receiver")));
    assert_eq!(standby(10, 10, 299, false, 0), (Status::Pass, None));
}

#[test]
fn standbys_that_may_not_be_seen_are_not_fine_and_without_any_it_does_not_apply() {
    assert_eq!(told(primary("b", vec![sender("b", None)])).0, Status::Skip);
    assert_eq!(told(primary("", vec![sender("b", None)])).0, Status::Skip);
    assert_eq!(told(primary("", Vec::new())).0, Status::NotApplicable);
}

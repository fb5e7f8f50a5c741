use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresSender, PostgresSubscriptionErrors, Probed};

fn slot() -> PostgresSlot {
    PostgresSlot {
        name: "warehouse".to_owned(),
        kind: "logical".to_owned(),
        restart_lsn: Some("0/1000000".to_owned()),
        wal_status: Some("reserved".to_owned()),
        active: true,
        active_pid: Some(7),
        ..PostgresSlot::default()
    }
}

fn subscription() -> PostgresSubscription {
    PostgresSubscription {
        name: "orders".to_owned(),
        enabled: true,
        runs: Some(true),
        unready: Probed::Seen(0),
        errors: Probed::Seen(PostgresSubscriptionErrors { apply: Some(4), sync: Some(1) }),
    }
}

fn server(slots: Vec<PostgresSlot>, subscriptions: Vec<PostgresSubscription>) -> Postgres {
    Postgres {
        slots: Probed::Seen(slots),
        subscriptions: Probed::Seen(subscriptions),
        senders: Probed::Seen(Vec::new()),
        ..Postgres::default()
    }
}

fn judged_slot(slot: PostgresSlot) -> Vec<Record> {
    let server = server(vec![slot], Vec::new());
    ground::judge_postgres(&CHECK, 1, server.clone(), server)
}

fn judged_subscriptions(before: PostgresSubscription, after: PostgresSubscription) -> Record {
    let server = |it| server(Vec::new(), vec![it]);
    ground::judge_postgres(&CHECK, 1, server(before), server(after)).remove(0)
}

#[test]
fn a_lost_slot_is_critical() {
    let record = &judged_slot(PostgresSlot { wal_status: Some("lost".to_owned()), ..slot() })[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.target, "postgres :5432 slot warehouse");
    assert_eq!(record.observed, "logical slot is lost: WAL that it needs was removed");
    for still_there in ["reserved", "extended", "unreserved"] {
        let slot = PostgresSlot { wal_status: Some(still_there.to_owned()), ..slot() };
        assert_eq!(judged_slot(slot)[0].status, Status::Pass, "{still_there}");
    }
    let invalid = PostgresSlot { invalidation: Some("rows_removed".to_owned()), ..slot() };
    assert_eq!(judged_slot(invalid)[0].observed, "logical slot is lost: rows_removed");
}

#[test]
fn before_13_it_is_not_known_whether_a_slot_is_lost() {
    assert_eq!(judged_slot(PostgresSlot { wal_status: None, ..slot() })[0].status, Status::Skip);
    let unused = PostgresSlot { wal_status: None, restart_lsn: None, ..slot() };
    assert_eq!(judged_slot(unused)[0].status, Status::Pass);
}

#[test]
fn slots_that_a_standby_does_not_have_are_information() {
    let sender = |pid| PostgresSender {
        pid,
        state: Some("streaming".to_owned()),
        ..PostgresSender::default()
    };
    let judged = |failover, senders: Vec<PostgresSender>| {
        let mut server = server(vec![PostgresSlot { failover, ..slot() }], Vec::new());
        server.senders = Probed::Seen(senders);
        ground::judge_postgres(&CHECK, 1, server.clone(), server).remove(0)
    };
    let record = judged(Some(false), vec![sender(7), sender(8)]);
    assert_eq!((record.severity, record.aspect), (Severity::Info, Some("failover")));
    assert_eq!(record.observed, "logical slot warehouse not kept on standbys");
    // Only its own consumer is there.
    assert_eq!(judged(Some(false), vec![sender(7)]).status, Status::Pass);
    assert_eq!(judged(Some(true), vec![sender(8)]).status, Status::Pass);
    assert_eq!(judged(None, vec![sender(8)]).status, Status::Pass);
}

#[test]
fn a_subscription_that_is_off_or_whose_worker_is_not_there_is_a_warning() {
    let off = PostgresSubscription { enabled: false, ..subscription() };
    let record = judged_subscriptions(off.clone(), off);
    assert_eq!((record.severity, record.aspect), (Severity::Warning, Some("disabled")));
    assert_eq!(record.target, "postgres :5432 subscription orders");
    let gone = || PostgresSubscription { runs: Some(false), ..subscription() };
    assert_eq!(judged_subscriptions(gone(), gone()).aspect, Some("failing"));
    assert_eq!(judged_subscriptions(subscription(), gone()).status, Status::Pass);
}

#[test]
fn errors_count_by_their_growth() {
    assert_eq!(judged_subscriptions(subscription(), subscription()).status, Status::Pass);
    let errors = PostgresSubscriptionErrors { apply: Some(5), sync: Some(1) };
    let failing = PostgresSubscription { errors: Probed::Seen(errors), ..subscription() };
    let record = judged_subscriptions(subscription(), failing);
    assert_eq!(record.observed, "1 try failed in 1.0 s");
    let unknown = PostgresSubscriptionErrors { apply: None, sync: Some(1) };
    let unknown = PostgresSubscription { errors: Probed::Seen(unknown), ..subscription() };
    assert_eq!(judged_subscriptions(subscription(), unknown).status, Status::Skip);
}

#[test]
fn without_either_it_does_not_apply_and_what_may_not_be_seen_is_not_fine() {
    let none = || server(Vec::new(), Vec::new());
    let records = ground::judge_postgres(&CHECK, 1, none(), none());
    assert_eq!(records[0].status, Status::NotApplicable);
    let mut denied = none();
    denied.subscriptions = Probed::Denied("SELECT (oid) on pg_subscription".to_owned());
    let records = ground::judge_postgres(&CHECK, 1, denied.clone(), denied);
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
}

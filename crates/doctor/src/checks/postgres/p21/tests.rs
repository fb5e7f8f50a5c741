use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresDecoding, Probed};

fn server(spill_bytes: u64) -> Postgres {
    let setting = ground::setting("logical_decoding_work_mem", "64");
    let slot = PostgresSlot {
        name: "warehouse".to_owned(),
        kind: "logical".to_owned(),
        active: true,
        retained_bytes: Some(2 << 30),
        unconfirmed_bytes: Some(1 << 30),
        ..PostgresSlot::default()
    };
    let decoding = PostgresDecoding {
        slot: "warehouse".to_owned(),
        spill_txns: Some(5),
        spill_bytes: Some(spill_bytes),
        total_bytes: Some(900_000),
    };
    Postgres {
        settings: Probed::Seen([setting].into()),
        slots: Probed::Seen(vec![slot]),
        sessions: Probed::Seen(Vec::new()),
        decoding: Probed::Seen(vec![decoding]),
        ..Postgres::default()
    }
}

fn judged(before: u64, after: u64) -> Vec<Record> {
    let mut second = server(after);
    ground::seen(&mut second.decoding)[0].spill_txns = Some(6);
    ground::judge_postgres(&CHECK, 1, server(before), second)
}

#[test]
fn what_outgrew_its_memory_is_a_warning() {
    let record = &judged(500_000, 565_536)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        (record.aspect, record.target.as_str()),
        (Some("spill"), "postgres :5432 slot warehouse")
    );
    assert_eq!(
        record.observed,
        "65536 bytes of 1 more transaction were written to files in 1.0 s, as they did not fit 66 kB"
    );
    assert_eq!(judged(500_000, 565_535)[0].status, Status::Pass);
}

#[test]
fn totals_are_no_fault_and_counters_that_were_set_back_are_not_known() {
    assert_eq!(judged(500_000, 500_000)[0].status, Status::Pass);
    assert_eq!(judged(500_000, 100_000)[0].status, Status::Skip);
}

fn with_session(transaction_s: u64, xid_age: Option<u64>, retained: i64) -> Vec<Record> {
    let mut server = server(0);
    let session = PostgresSession {
        pid: 8841,
        role: Some("import".to_owned()),
        transaction_s: Some(transaction_s),
        xid_age,
        ..PostgresSession::default()
    };
    server.sessions = Probed::Seen(vec![session]);
    ground::seen(&mut server.slots)[0].retained_bytes = Some(retained);
    ground::judge_postgres(&CHECK, 1, server.clone(), server)
}

#[test]
fn a_long_transaction_that_holds_confirmed_wal_is_named() {
    let record = &with_session(601, Some(3), 2 << 30)[0];
    assert_eq!((record.aspect, record.severity), (Some("held"), Severity::Warning));
    assert_eq!(
        record.observed,
        "2.1 GB are kept though its consumer confirmed all but 1.1 GB; pid 8841 \"import\" has a transaction open for 10 min"
    );
    assert_eq!(with_session(600, Some(3), 2 << 30)[0].status, Status::Pass);
    // It only reads: nothing of it is decoded.
    assert_eq!(with_session(601, None, 2 << 30)[0].status, Status::Pass);
    assert_eq!(with_session(601, Some(3), (2 << 30) - 1)[0].status, Status::Pass);
}

#[test]
fn an_older_version_is_not_fine_and_without_logical_slots_it_does_not_apply() {
    let mut old = server(0);
    old.decoding = Probed::Absent("it before version 14".to_owned());
    assert_eq!(ground::judge_postgres(&CHECK, 1, old.clone(), old)[0].status, Status::Skip);
    let mut none = server(0);
    ground::seen(&mut none.slots)[0].kind = "physical".to_owned();
    let records = ground::judge_postgres(&CHECK, 1, none.clone(), none);
    assert_eq!(records[0].status, Status::NotApplicable);
}

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Connections, Network, Probed};

fn idle(last: u8, idle_ms: u64, probe_ms: Option<u64>) -> Idle {
    let (local, peer) = (([10, 0, 0, 1], 40_000).into(), ([10, 0, 0, last], 5432).into());
    Idle { local, peer, idle_ms, probe_ms }
}

fn judged(facts: &[(&str, &str)], idle: Option<Vec<Idle>>) -> Vec<Record> {
    let connections = Connections { idle, ..Connections::default() };
    let mut after = ground::said(2_001, facts);
    let network = Network { connections: Probed::Seen(connections), ..Network::default() };
    after.host.network = Probed::Seen(network);
    let before = ground::said(1, facts);
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn what_is_idle_for_longer_than_was_said_is_a_warning() {
    let status = |fact, ms| judged(&[(FACT, fact)], Some(vec![idle(2, ms, None)])).remove(0).status;
    assert_eq!(status("350s", 350_000), Status::Pass);
    assert_eq!(status("350s", 350_001), Status::Fail);
    assert_eq!(status("4m", 240_001), Status::Fail);
    let record = judged(
        &[(FACT, "4m")],
        Some(vec![idle(2, 250_000, None), idle(2, 900_000, Some(6_300_000))]),
    )
    .remove(0);
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::Low));
    assert_eq!(record.target, "boundary with 10.0.0.2");
    assert_eq!(
        record.observed,
        "2 connections with 10.0.0.2 are idle for up to 15 min (10.0.0.1:40000 to 10.0.0.2:5432), 1 of them without keep-alive"
    );
    assert_eq!(record.evidence[0].value, "idle for 900000 ms, the kernel asks in 105 min");
    assert_eq!(record.evidence[1].value, "4 min");
}

#[test]
fn nobody_said_how_long_so_it_is_for_information() {
    let record = judged(&[], Some(vec![idle(2, 350_001, None)])).remove(0);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    assert_eq!(judged(&[], Some(vec![idle(2, 350_000, None)])).remove(0).status, Status::Pass);
    let record = judged(&[], Some(Vec::new())).remove(0);
    assert_eq!(
        (record.status, record.observed.as_str()),
        (Status::Pass, "nothing was idle for a second")
    );
}

#[test]
fn each_machine_is_told_of_and_a_list_that_is_cut_says_so() {
    let two = || Some(vec![idle(2, 400_000, None), idle(3, 500_000, None)]);
    assert_eq!(judged(&[(FACT, "350s")], two()).len(), 2);
    let records = judged(&[], two());
    let [record] = &records[..] else { panic!("for information all in one: {records:?}") };
    assert_eq!(
        record.observed,
        "2 connections with other networks are idle for up to 8 min (10.0.0.1:40000 to 10.0.0.3:5432), 2 of them without keep-alive"
    );
    let many = (0..50).map(|_| idle(2, 400_000, None)).collect();
    let record = judged(&[], Some(many)).remove(0);
    assert!(record.observed.starts_with("at least 50 connections"), "{}", record.observed);
}

#[test]
fn what_was_not_looked_for_is_not_fine() {
    assert_eq!(judged(&[], None).remove(0).status, Status::Skip);
    assert_eq!(judged(&[(FACT, "soon")], Some(Vec::new())).remove(0).status, Status::Skip);
}

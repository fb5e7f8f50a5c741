use super::super::ground::{deaf, judged, names, server};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::Names;

const SEARCH: [&str; 3] = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"];

fn of(ndots: u64, search: &[&str], after_us: u64) -> Record {
    let seen = names(vec![server(1, after_us)], ndots, search);
    judged(&CHECK, seen.clone(), seen).remove(0)
}

#[test]
fn a_pod_of_kubernetes_asks_six_times_in_vain() {
    let record = of(5, &SEARCH, 12_400);
    assert_eq!(
        record.observed,
        "ndots 5 and 3 search domains: 6 questions in vain for each outside name with two dots"
    );
    assert_eq!(record.severity, Severity::Info);
    assert_eq!(
        record.impact,
        "each lookup of such a name takes 37 ms longer, and the name server does 4 times the work"
    );
}

#[test]
fn it_is_a_warning_where_it_is_felt() {
    assert_eq!(of(5, &SEARCH[..2], 49_999).severity, Severity::Info);
    assert_eq!(of(5, &SEARCH[..2], 50_000).severity, Severity::Warning);
}

#[test]
fn two_dots_are_enough_below_three_and_without_a_domain_nothing_is_tried() {
    assert_eq!(of(2, &SEARCH, 50_000).status, Status::Pass);
    assert_eq!(of(3, &SEARCH, 50_000).status, Status::Fail);
    assert_eq!(of(5, &[], 50_000).status, Status::Pass);
}

#[test]
fn what_it_takes_is_unknown_if_nobody_answers() {
    let seen = names(vec![deaf(1)], 5, &SEARCH);
    let record = judged(&CHECK, seen.clone(), seen).remove(0);
    assert_eq!(record.severity, Severity::Info);
    assert!(record.impact.contains("unknown time"), "{}", record.impact);
    assert_eq!(judged(&CHECK, Names::default(), Names::default())[0].status, Status::Skip);
}

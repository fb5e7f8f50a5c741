use super::super::ground::{certificate, endpoint, judged_ports};
use super::super::{DAY_S, HOUR_S};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn judged(left_s: i64, lifetime_s: i64) -> Record {
    let mut records = judged_ports(&CHECK, vec![endpoint(vec![certificate(left_s, lifetime_s)])]);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

fn severity(left_s: i64, lifetime_s: i64) -> Option<Severity> {
    let record = judged(left_s, lifetime_s);
    (record.status == Status::Fail).then_some(record.severity)
}

#[test]
fn a_third_of_the_lifetime_is_the_time_to_renew_however_short_it_is() {
    for days in [6, 47, 90] {
        let third = days * DAY_S / 3;
        assert_eq!(severity(third, days * DAY_S), None, "{days}");
        assert_eq!(severity(third - 1, days * DAY_S), Some(Severity::Warning), "{days}");
        assert_eq!(severity(third / 4, days * DAY_S), Some(Severity::Warning), "{days}");
        assert_eq!(severity(third / 4 - 1, days * DAY_S), Some(Severity::Critical), "{days}");
    }
}

#[test]
fn one_of_ten_years_is_told_of_thirty_days_ahead() {
    assert_eq!(severity(31 * DAY_S, 3_650 * DAY_S), None);
    assert_eq!(severity(29 * DAY_S, 3_650 * DAY_S), Some(Severity::Warning));
    assert_eq!(severity(7 * DAY_S, 3_650 * DAY_S), Some(Severity::Critical));
}

#[test]
fn it_says_who_presents_what_and_when_it_ends() {
    let record = judged(6 * DAY_S, 90 * DAY_S);
    assert_eq!(
        record.observed,
        "pid 12 \"nginx\" presents a certificate of shop.example that ends in 6 d, of a lifetime of 90 d"
    );
    assert_eq!(record.target, "host 0.0.0.0:443");
    assert_eq!(record.impact, "in 6 d clients that verify it refuse to connect, all at once");
}

#[test]
fn one_that_has_ended_and_one_that_does_not_hold_yet_are_critical() {
    let ended = judged(-3 * HOUR_S, 90 * DAY_S);
    assert_eq!(ended.severity, Severity::Critical);
    assert!(ended.observed.contains("ended 3 h ago"), "{}", ended.observed);
    let early = judged(90 * DAY_S + 7_200, 90 * DAY_S);
    assert_eq!((early.status, early.severity), (Status::Fail, Severity::Critical));
    assert!(early.observed.ends_with("holds only in 2 h"), "{}", early.observed);
}

#[test]
fn one_that_comes_with_it_is_judged_too() {
    let chain = vec![certificate(80 * DAY_S, 90 * DAY_S), certificate(DAY_S, 1_800 * DAY_S)];
    let records = judged_ports(&CHECK, vec![endpoint(chain)]);
    assert_eq!((records.len(), records[0].severity), (1, Severity::Critical));
}

#[test]
fn what_could_not_be_seen_is_not_fine_and_no_port_is_out_of_place() {
    let mut blind = endpoint(Vec::new());
    blind.chain = Probed::Absent("certificate".to_owned());
    let fine = endpoint(vec![certificate(80 * DAY_S, 90 * DAY_S)]);
    let statuses = |endpoints| -> Vec<Status> {
        judged_ports(&CHECK, endpoints).iter().map(|it| it.status).collect()
    };
    assert_eq!(statuses(vec![blind, fine.clone()]), [Status::Skip]);
    assert_eq!(statuses(vec![fine]), [Status::Pass]);
    assert_eq!(statuses(Vec::new()), [Status::NotApplicable]);
}

use super::super::ground::{deaf, ip, judged, names, server};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn of(servers: Vec<NameServer>) -> Vec<Record> {
    let seen = names(servers, 1, &[]);
    judged(&CHECK, seen.clone(), seen)
}

fn gone(last: u8, kept_s: u32) -> NameServer {
    let code = "Non-Existent Domain".to_owned();
    let negative_ttl_s = Some(kept_s);
    let answer = Answer { after_us: 900, code, addresses: Vec::new(), negative_ttl_s };
    NameServer { answer: Probed::Seen(answer), ..server(last, 0) }
}

#[test]
fn one_that_does_not_know_a_name_that_another_knows_is_a_fault() {
    let records = of(vec![server(1, 900), gone(2, 60)]);
    assert_eq!(
        records[0].observed,
        "of db-3.example. 192.0.2.1 says 192.0.2.100, and 192.0.2.2 says \"Non-Existent Domain\""
    );
    assert_eq!((records.len(), records[0].severity), (1, Severity::Warning));
    assert_eq!(records[0].confidence, Confidence::High);
}

#[test]
fn other_addresses_may_be_meant() {
    let mut other = server(2, 900);
    other.answer = other.answer.map(|it| Answer { addresses: vec![ip(101)], ..it });
    let records = of(vec![server(1, 100), other]);
    assert_eq!((records[0].status, records[0].confidence), (Status::Fail, Confidence::Low));
}

#[test]
fn answers_that_are_alike_are_no_fault_however_late() {
    let records = of(vec![server(1, 100), server(2, 900_000)]);
    assert_eq!(records[0].status, Status::Pass);
    assert_eq!(records[0].observed, "2 name servers say \"No Error\" of db-3.example.");
}

#[test]
fn that_a_name_is_not_there_may_be_kept_for_three_hours() {
    assert_eq!(of(vec![gone(1, 10_800)])[0].status, Status::Pass);
    let record = &of(vec![gone(1, 10_801)])[0];
    assert_eq!((record.severity, record.aspect), (Severity::Info, Some("negative")));
}

#[test]
fn one_that_said_nothing_is_not_fine() {
    assert_eq!(of(vec![server(1, 900), deaf(2)])[0].status, Status::Skip);
    assert_eq!(of(vec![deaf(1)])[0].status, Status::Skip);
    assert_eq!(of(vec![server(1, 900)])[0].status, Status::Pass);
}

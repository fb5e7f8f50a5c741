use super::super::ground::{hosts, judged};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::Names;

fn of(lines: &[(&str, &str, bool)]) -> Vec<Record> {
    judged(&CHECK, Names::default(), hosts(lines))
}

const PLAIN: [(&str, &str, bool); 4] = [
    ("127.0.0.1", "localhost", true),
    ("::1", "localhost ip6-localhost", true),
    ("192.0.2.3", "db-3.example db-3", true),
    ("ff02::1", "ip6-allnodes", false),
];

#[test]
fn a_plain_file_names_nobody_else() {
    assert_eq!(of(&PLAIN)[0].status, Status::Pass);
    assert_eq!(of(&PLAIN)[0].observed, "4 lines, none of which names another machine");
    assert_eq!(of(&[("0.0.0.0", "ads.example", false)])[0].status, Status::Pass);
    assert_eq!(of(&[("192.0.2.9", "short", false)])[0].status, Status::Pass);
}

#[test]
fn a_name_of_another_machine_is_told_for_information() {
    let record = &of(&[("192.0.2.9", "api.example api", false)])[0];
    assert_eq!(record.observed, "1 names of other machines are pinned: api.example 192.0.2.9");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
}

#[test]
fn localhost_is_of_the_loopback() {
    let record = &of(&[("192.0.2.9", "localhost", true)])[0];
    assert_eq!(
        (record.observed.as_str(), record.severity),
        ("localhost is 192.0.2.9", Severity::Warning)
    );
    assert_eq!(judged(&CHECK, Names::default(), Names::default())[0].status, Status::Skip);
}
